"""The estate on a desk: everything that stands in for the outside world on one machine."""
