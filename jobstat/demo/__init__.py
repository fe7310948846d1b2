"""A fake Zendesk on 127.0.0.1, to try jobstat and to test it."""
