"""The model: payments, money, cards and the rules between them. Pure: no third-party library, no port, no clock."""
