"""The client of Zendesk: its requests, its errors, and the login that they use."""
