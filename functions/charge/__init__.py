"""The charge door: the HTTP API for shops."""
