"""Refunding: gives the whole amount back at most once."""
