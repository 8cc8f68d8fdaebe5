"""The adapter of EventBridge."""
