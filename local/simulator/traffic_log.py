"""The log of every request to the gateway and every webhook delivery, without card data."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from local.simulator.cards import masked
from local.simulator.request_parsing import KNOWN_FIELDS, REFUND
from local.simulator.transaction import iso_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from local.simulator.exact_json import Json


@dataclass(slots=True)
class LoggedRequest:
    """One POST to the gateway. It is logged on arrival and completed while it is handled."""

    call: str
    mode: str
    at: datetime
    order_id: str | None = None
    decrypted: dict[str, Json] | None = None
    behaviour: dict[str, str] | None = None
    transaction_id: str | None = None
    became: str = "not understood"

    def as_json(self) -> dict[str, Json]:
        names = ("call", "mode", "order_id", "transaction_id", "became", "decrypted")
        shown = {name: getattr(self, name) for name in names}
        return {"at": iso_timestamp(self.at)} | shown | {"play": self.behaviour}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver one webhook."""

    transaction_id: str
    order_id: str | None
    url: str
    attempt: int
    at: datetime
    headers: Mapping[str, str]
    body: str
    status_code: int | None
    error: str | None

    @property
    def accepted(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300

    def as_json(self) -> dict[str, Json]:
        names = ("transaction_id", "order_id", "url", "attempt", "headers", "body", "status_code", "error")
        return {"at": iso_timestamp(self.at)} | {name: getattr(self, name) for name in names}


class TrafficLog:
    def __init__(self, now: Callable[[], datetime], on_change: Callable[[], None] = lambda: None) -> None:
        self._now = now
        self._on_change = on_change
        self.entries: list[LoggedRequest] = []
        self.deliveries: list[Delivery] = []
        self.status_requests: Counter[str] = Counter()
        self.list_requests: list[dict[str, Json]] = []

    def add_request(self, call: str, mode: str) -> LoggedRequest:
        entry = LoggedRequest(call, mode, self._now())
        self.entries.append(entry)
        self._on_change()
        return entry

    def set_fields(self, entry: LoggedRequest, fields: Mapping[str, Json]) -> None:
        entry.decrypted = without_card_data(fields)
        order_id = fields.get("order_id")
        entry.order_id = order_id if isinstance(order_id, str) else None
        self._on_change()

    def set_refund_fields(self, entry: LoggedRequest, fields: Mapping[str, Json]) -> None:
        entry.decrypted = {name: _without_number(fields[name]) for name in REFUND if name in fields}
        transaction_id = fields.get("transaction_id")
        entry.transaction_id = transaction_id if isinstance(transaction_id, str) else None
        self._on_change()

    def set_outcome(self, entry: LoggedRequest, became: str) -> None:
        entry.became = became
        self._on_change()

    def add_delivery(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        self._on_change()

    def count_status_request(self, name: str) -> None:
        self.status_requests[name] += 1
        self._on_change()

    def add_list_request(self, mode: str, query: Mapping[str, str]) -> None:
        self.list_requests.append({"at": iso_timestamp(self._now()), "mode": mode, "query": dict(query)})
        self._on_change()

    def count(self, call: str) -> int:
        return sum(entry.call == call for entry in self.entries)

    def posts(self) -> dict[str, int]:
        """The number of POSTs by order_id, to the card endpoint and the hosted endpoint."""
        posts = Counter(e.order_id for e in self.entries if e.order_id is not None and e.call != "refund")
        return {str(order_id): times for order_id, times in posts.items()}

    def refund_posts(self) -> dict[str, int]:
        """The number of refund POSTs, by transaction_id and by order_id."""
        refunds = (entry for entry in self.entries if entry.call == "refund")
        return dict(Counter(name for e in refunds for name in {e.transaction_id, e.order_id} if name is not None))

    def clear(self) -> None:
        self.entries.clear()
        self.deliveries.clear()
        self.status_requests.clear()
        self.list_requests.clear()
        self._on_change()


_NEVER_SHOWN: Final = {"card_cvv"}
# The digits of a transaction_id do not match: they follow its letters without a word boundary.
_CARD_NUMBER: Final = re.compile(r"\b\d(?:[ -]?\d){11,18}\b")


def without_card_data(fields: Mapping[str, Json]) -> dict[str, Json]:
    """The known fields only: an unknown field might hold a card number under another name."""
    shown = {name: value for name, value in fields.items() if name in KNOWN_FIELDS and name not in _NEVER_SHOWN}
    if "card_number" in shown:
        shown["card_number"] = masked(shown["card_number"])
    return shown


def _without_number(value: Json) -> Json:
    return _CARD_NUMBER.sub("******", value) if isinstance(value, str) else None
