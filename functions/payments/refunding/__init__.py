"""Refunding: sends the whole amount back, at most once."""
