"""The table, made as template.yaml describes it, on whatever stands in for DynamoDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from tests.house import deployed_template as estate

_SHAPE = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
_numbers = count(1)


def described() -> dict[str, Any]:
    """What template.yaml says of the table, as far as it decides how the table behaves."""
    properties = estate.written()["Resources"]["PaymentsTable"]["Properties"]
    return {name: properties[name] for name in _SHAPE}


@contextmanager
def made(client: Any) -> Iterator[str]:
    """A new table, gone afterwards."""
    name = f"payments-{next(_numbers)}"
    client.create_table(TableName=name, **described())
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    try:
        yield name
    finally:
        client.delete_table(TableName=name)
