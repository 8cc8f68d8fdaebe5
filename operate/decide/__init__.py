"""A human's decision on a payment in `needs_review`, recorded in its history and told to consumers like any other."""
