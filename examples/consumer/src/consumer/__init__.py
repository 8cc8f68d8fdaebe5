"""A consumer of the payments' events."""
