"""Ports: protocols for everything outside the domain, and the errors that a port may raise. No implementation."""
