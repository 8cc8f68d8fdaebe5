"""The sample report of docs/reconciliation.md: a day in a shop, some of it past us, and the sweep that finds it."""
