"""The only room that speaks EventBridge."""
