"""Tools of the house: each is run by the Makefile, none is deployed."""
