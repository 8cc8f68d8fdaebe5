"""Reconciliation: our payments compared with the gateway's list, in both directions."""
