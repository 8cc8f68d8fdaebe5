"""The AWS resources of the functions, made in moto: the table as in the template, and the two secrets."""

import json
from typing import Any, Final

from local.simulator import Credentials
from tests.house.deployed_template import resources

TABLE: Final = "payments"
GATEWAY_SECRET: Final = "gateway"
TOKEN_SECRET: Final = "token"


def create_resources(dynamodb: Any, secrets: Any, credentials: Credentials) -> None:
    """Creates the table and the two secrets."""
    table = next(iter(resources("AWS::DynamoDB::Table").values()))["Properties"]
    schema = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    dynamodb.create_table(TableName=TABLE, **{name: table[name] for name in schema})
    keys = {"secret_key": credentials.secret_key, "encryption_key": credentials.encryption_key}
    secrets.create_secret(Name=GATEWAY_SECRET, SecretString=json.dumps(keys))
    secrets.create_secret(Name=TOKEN_SECRET, SecretString="made-up")
