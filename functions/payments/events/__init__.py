"""Events: the public contract with consumers, the outbox that publishes a history, and the relay. No bus library."""
