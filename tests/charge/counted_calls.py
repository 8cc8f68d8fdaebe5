"""What a warm charge needs: the table as in the template, filled secrets, and the event of the documented payment."""

import json
from pathlib import Path
from typing import Any, Final

from local.simulator import Credentials
from tests.house.deployed_template import resources

TABLE: Final = "payments"
GATEWAY_SECRET: Final = "gateway"
TOKEN_SECRET: Final = "token"
_DOCUMENT: Final = Path(__file__).parents[2] / "events" / "charge-document.json"


def filled(dynamodb: Any, secrets: Any, credentials: Credentials) -> None:
    """Makes the table as the template says, and the two secrets."""
    table = next(iter(resources("AWS::DynamoDB::Table").values()))["Properties"]
    schema = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    dynamodb.create_table(TableName=TABLE, **{name: table[name] for name in schema})
    keys = {"secret_key": credentials.secret_key, "encryption_key": credentials.encryption_key}
    secrets.create_secret(Name=GATEWAY_SECRET, SecretString=json.dumps(keys))
    secrets.create_secret(Name=TOKEN_SECRET, SecretString="made-up")


def event(key: str, order_id: str | None = None) -> dict[str, Any]:
    """`POST /charges` as API Gateway gives it."""
    payment = json.loads(_DOCUMENT.read_text())
    payment.pop("order_id", None)
    if order_id is not None:
        payment["order_id"] = order_id
    return {
        "httpMethod": "POST",
        "resource": "/charges",
        "path": "/charges",
        "headers": {"Idempotency-Key": key},
        "body": json.dumps(payment),
        "requestContext": {"identity": {"userArn": "arn:aws:iam::123456789012:role/shop"}, "path": "/v1/charges"},
    }


def refund_event(key: str, payment_id: str) -> dict[str, Any]:
    """`POST /charges/{id}/refunds`, likewise."""
    event_ = event(key)
    path = f"/charges/{payment_id}/refunds"
    return event_ | {
        "resource": "/charges/{id}/refunds",
        "path": path,
        "pathParameters": {"id": payment_id},
        "body": json.dumps({"reason": "returned"}),
        "requestContext": event_["requestContext"] | {"path": f"/v1{path}"},
    }
