"""The demo: sends the documented payment through the local stack and prints each step."""
