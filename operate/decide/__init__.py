"""A human's decision on what waits for one, recorded in its history and told to consumers like any other."""
