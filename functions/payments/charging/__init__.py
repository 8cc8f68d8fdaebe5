"""Charging: takes a payment at most once. A request either repeats an earlier one, or claims, sends and records."""
