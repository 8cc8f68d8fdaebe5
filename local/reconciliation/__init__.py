"""The sample report of docs/reconciliation.md: a day in a shop, partly at the gateway alone, and its reconciliation."""
