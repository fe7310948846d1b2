"""Show and watch Zendesk bulk jobs, and find the items that failed."""

__version__ = "0.1.0"
