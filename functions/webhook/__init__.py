"""The webhook door: receives the gateway's webhooks."""
