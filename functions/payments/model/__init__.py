"""What a payment is. Pure: no library, no port, no clock."""
