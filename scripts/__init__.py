"""Development tools, run by the Makefile. None is deployed."""
