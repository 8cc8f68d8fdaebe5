"""Detection of missing events. A payment's sequence numbers start at 1 without gaps."""

import time
from typing import Any, Final

import boto3

RETENTION_SECONDS: Final = 180 * 24 * 60 * 60
"""How long events and sequence numbers are stored: longer than the archive, so a replay is detected as a repeat."""


class GapDetector:
    """The sequence numbers of each payment, one item a payment in the consumer's table."""

    def __init__(self, table: str, client: Any = None) -> None:
        self._table = table
        self._client = client or boto3.client("dynamodb")

    def missing_after(self, payment_id: str, sequence: int) -> list[int]:
        """Stores a sequence number; returns the missing ones below the highest. Order and repeats do not matter."""
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
