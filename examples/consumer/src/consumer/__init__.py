"""An example consumer of the payments' events."""
