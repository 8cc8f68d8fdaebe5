"""Webhooks: a verified webhook of the gateway becomes a recorded outcome."""
