"""Publishes events again, of one payment or of one day, marked as replayed."""
