"""The sample report of docs/reconciliation.md: a day in a shop, some of it past us, and the reconciliation that finds it."""
