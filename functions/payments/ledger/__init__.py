"""The only room that speaks DynamoDB."""
