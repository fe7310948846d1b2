"""The account: where it is, what it is told of the user, and how it is asked."""
