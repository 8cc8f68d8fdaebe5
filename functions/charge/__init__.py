"""The door for shops."""
