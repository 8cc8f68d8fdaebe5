"""Refunding: pays the whole amount back, at most once."""
