"""The reconciliation by hand, for any days: call after call until it is done, and the report downloaded on request."""
