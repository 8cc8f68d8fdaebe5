"""Which events of each payment have been received: sequences start at 1 and have no gap, so what is missing shows."""

import time
from typing import Any, Final

import boto3

RETENTION_SECONDS: Final = 180 * 24 * 60 * 60
"""How long an event and a sequence are remembered: longer than the archive keeps events, so a replay is a repeat."""


class GapDetector:
    """One item a payment in the consumer's table."""

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = table
        self._client = client or boto3.client("dynamodb")

    def missing_after(self, payment_id: str, sequence: int) -> list[int]:
        """Notes one sequence as received; returns those before the highest that have not been. Any order, any repeats."""
        answer = self._client.update_item(
            TableName=self._table,
            Key={"id": {"S": f"sequences#{payment_id}"}},
            UpdateExpression="ADD received :sequence SET expiration = :expiration",
            ExpressionAttributeValues={
                ":sequence": {"NS": [str(sequence)]},
                ":expiration": {"N": str(int(time.time()) + RETENTION_SECONDS)},
            },
            ReturnValues="ALL_NEW",
        )
        received = {int(each) for each in answer["Attributes"]["received"]["NS"]}
        return sorted(set(range(1, max(received))) - received)
