"""The door for the books."""
