"""The adapter of Pay Agency's API: the only package that knows its formats."""
