"""What a webhook of the gateway does to a payment."""
