"""The commands: each parses its options, and calls jobs, zendesk and views."""
