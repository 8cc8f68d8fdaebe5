"""The reconciliation by hand: both books compared for any days, call after call until it is done, the report saved if wanted."""
