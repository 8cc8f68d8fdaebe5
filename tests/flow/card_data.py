"""Finds card data in text: card numbers, security codes, encrypted payloads, and webhook tokens."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from local.simulator.cards import CARDS
from local.simulator.control_client import Control
from local.stack import Stack
from tests.flow.logs import log_text

QUOTED = "4111111111111111 with CVV 029 is what the bank quotes"
"""A message that tests make the gateway answer with. The gateway keeps it in its book; nobody else may."""

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
PAN = re.compile(r"(?<![A-Za-z0-9])\d(?:[ -]?\d){12,18}(?![A-Za-z0-9])")
CVV = re.compile(r"cvv[\"']?\s*[:=]\s*[\"']?\d", re.IGNORECASE)
PAYLOAD = re.compile(r"[0-9a-f]{32}:[0-9a-f]{64,}")
TOKEN = re.compile(r"/webhooks/pay-agency/pay_[a-z2-7]{26}/[0-9a-f]{64}")


def card_numbers_in(text: str) -> list[str]:
    """The simulator's card numbers, and whatever else passes a card number's checks. A UUID holds none."""
    known = [number for number in CARDS if number in text]
    return known + [found[0] for found in PAN.finditer(UUID.sub("-", text)) if is_card_number(found[0])]


def is_card_number(text: str) -> bool:
    """The first digit is a card scheme's, and the Luhn check digit is right."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return digits[0] in range(2, 7) and (sum(digits[::-2]) + sum(doubled)) % 10 == 0


def kept_texts(stack: Stack, gateway: Control) -> dict[str, str]:
    """All that a stack keeps, as text by place."""
    table = stack.admin.resource("dynamodb").Table(stack.table)
    return {
        "table": json.dumps(list(_items(table)), default=str),
        "the table's stream": json.dumps(list(_changes(stack, table.latest_stream_arn)), default=str),
        "logs": log_text(stack.admin),
        "the gateway's book": json.dumps([gateway.book(), gateway.deliveries()], default=str).replace(QUOTED, ""),
        "the stack's own log": stack.log(),
    }


def assert_no_card_data_is_kept(texts: Mapping[str, str]) -> None:
    """No text holds a card number, a security code or an encrypted payload."""
    for place, text in texts.items():
        assert card_numbers_in(text) == [], place
        assert CVV.search(text) is None, place
        assert PAYLOAD.search(text) is None, place


def _changes(stack: Stack, stream: str) -> Iterator[Mapping[str, Any]]:
    """The records of the stream, of a day at most."""
    streams = stack.admin.client("dynamodbstreams")
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        start = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**start)["ShardIterator"]
        while iterator and (page := streams.get_records(ShardIterator=iterator))["Records"]:
            yield from page["Records"]
            iterator = page.get("NextShardIterator")


def _items(table: Any) -> Iterator[Mapping[str, Any]]:
    page = table.scan()
    yield from page["Items"]
    while "LastEvaluatedKey" in page:
        page = table.scan(ExclusiveStartKey=page["LastEvaluatedKey"])
        yield from page["Items"]
