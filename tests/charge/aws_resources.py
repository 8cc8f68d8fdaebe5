"""The AWS resources of the functions, made in moto: the table as in the template, and the two secrets."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from local.simulator import Credentials
from tests.payments.ledger import tables

TABLE: Final = "payments"
GATEWAY_SECRET: Final = "gateway"
TOKEN_SECRET: Final = "token"


def create_resources(dynamodb: Any, secrets: Any, credentials: Credentials) -> None:
    """Creates the table and the two secrets."""
    dynamodb.create_table(TableName=TABLE, **tables.described())
    keys = {"secret_key": credentials.secret_key, "encryption_key": credentials.encryption_key}
    secrets.create_secret(Name=GATEWAY_SECRET, SecretString=json.dumps(keys))
    secrets.create_secret(Name=TOKEN_SECRET, SecretString="made-up")


@contextmanager
def resources(dynamodb: Any, secrets: Any, credentials: Credentials) -> Iterator[None]:
    """The same resources, deleted afterwards."""
    create_resources(dynamodb, secrets, credentials)
    try:
        yield
    finally:
        dynamodb.delete_table(TableName=TABLE)
        for name in (GATEWAY_SECRET, TOKEN_SECRET):
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
