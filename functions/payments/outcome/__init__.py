"""What becomes of a payment: decided, recorded, asked."""
