"""Show and watch Zendesk bulk jobs, and tell truly which items failed."""

__version__ = "0.1.0"
