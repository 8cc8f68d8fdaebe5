"""Creates the payments table as template.yaml describes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import boto3
from moto import mock_aws

from tests.house import deployed_template

_PROPERTIES = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
_numbers = count(1)


def described() -> dict[str, Any]:
    """The properties of the table in template.yaml that decide its behaviour."""
    properties = deployed_template.written()["Resources"]["PaymentsTable"]["Properties"]
    return {name: properties[name] for name in _PROPERTIES}


@contextmanager
def on_moto() -> Iterator[Any]:
    """A client of moto's DynamoDB. Making one takes long, so a module makes one for all its tests."""
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")


@contextmanager
def made(client: Any) -> Iterator[str]:
    """The name of a new table, deleted afterwards."""
    name = f"payments-{next(_numbers)}"
    client.create_table(TableName=name, **described())
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    try:
        yield name
    finally:
        client.delete_table(TableName=name)
