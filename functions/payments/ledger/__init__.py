"""The adapter of DynamoDB: the only package that reads and writes the table."""
