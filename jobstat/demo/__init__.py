"""A pretend Zendesk on loopback, to try jobstat and to test it against."""
