"""The account and the credential of a command: found, stored and refreshed."""
