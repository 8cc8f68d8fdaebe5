"""The only room that speaks the gateway's language."""
