"""An operator's decision on a payment in review: recorded in its history and published like any other entry."""
