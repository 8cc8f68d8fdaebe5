"""The Lambda function of the reconciliation."""
