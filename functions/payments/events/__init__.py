"""What the bus is told of a payment."""
