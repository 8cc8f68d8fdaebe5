"""The house: a payment's rules, and its ways to the gateway, the ledger and the bus. It imports no door."""
