"""Tells consumers again what they were told before: a payment's or a day's events, marked as replayed."""
