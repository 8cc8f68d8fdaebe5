"""Reconciliation: our book compared with the gateway's, in both directions."""
