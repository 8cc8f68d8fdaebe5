"""The demo shop: sends the documented payment through the local stack and tells what happens on the way."""
