"""Events: the public contract with consumers, and the outbox that publishes a payment's history. No bus library."""
