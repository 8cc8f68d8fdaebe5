"""Charging: takes a payment at most once."""
