"""Which account jobstat uses, and with which credential."""
