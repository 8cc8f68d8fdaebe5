"""The door for the gateway's webhooks."""
