"""The sample events of events/event-*.json: payments that never were, led through the house's own code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from payments.bus.eventbridge import EventBridgeBus
from payments.events.event import Event, event_of, replayed
from payments.gateway.envelope import VERDICTS
from payments.model import refund as refunds
from payments.model.follow_up import RefundAttempt
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Failure
from payments.model.identifiers import payment_id_of
from payments.model.money import Money
from payments.model.payment import Payment, intent
from payments.outcome.apply import apply

Sample = dict[str, Any]

_START: Final = datetime(2027, 1, 31, 9, 30, 0, 125000, tzinfo=UTC)
_CALLER: Final = "arn:aws:iam::123456789012:role/shop-backend"
_GBP: Final = Money(4999, "GBP")
_ASKED: Final = "asked-to-refund"
_REFUSED: Final = "refund-refused"
_FLAGS: Final = {"REFUNDED": "refunded", "CHARGED_BACK": "charged_back"}


@dataclass(frozen=True, slots=True)
class _Story:
    """`words`: the gateway's words, one after the other; the last entry of the history is the sample."""

    order_id: str
    words: str = ""
    money: Money = _GBP
    live: bool = False
    amount: int | None = None

    def payment(self) -> Payment:
        told = intent(
            payment_id_of(_CALLER, f"key of {self.order_id}"),
            fingerprint="",
            money=self.money,
            live=self.live,
            order_id=self.order_id,
            card=None,
            at=_START,
        )
        for nth, word in enumerate(self.words.split(), 1):
            at = _START + timedelta(seconds=7 * nth * nth)
            if word == _ASKED:
                told = refunds.requested(told, RefundAttempt("rf_sample", "", at), "")
                continue
            if word == _REFUSED:
                told = refunds.failed(told, Failure("refund_refused", ""), at=at, source="answer", evidence={})
                continue
            told = apply(told, self._report(word), "answer" if nth == 1 else "status", at)
        return told

    def _report(self, word: str) -> GatewayTransaction:
        return GatewayTransaction(
            raw_status=word,
            verdict=VERDICTS.get("SUCCESS" if word in _FLAGS else word),
            transaction_id=f"PA{self.order_id.partition('-')[2].rjust(16, '0')}",
            amount=Decimal(self.amount or self.money.amount),
            currency=self.money.currency,
            message={"FAILED": "Insufficient funds.", "BLOCKED": "Blocked by the risk rules."}.get(word),
            refunded=word == "REFUNDED",
            charged_back=word == "CHARGED_BACK",
        )


_STORIES: Final[Mapping[str, _Story]] = {
    "processing": _Story("web-1001"),
    "requires_action": _Story("web-1001", "REDIRECT"),
    "pending": _Story("web-1002", "PENDING"),
    "succeeded": _Story("web-1001", "REDIRECT SUCCESS"),
    "succeeded-live": _Story("pos-2001", "SUCCESS", Money(250000, "EUR"), live=True),
    "succeeded-late": _Story("web-1003", "FAILED SUCCESS"),
    "failed": _Story("web-1003", "FAILED"),
    "blocked": _Story("web-1004", "BLOCKED"),
    "abandoned": _Story("web-1005", "REDIRECT ABANDONED"),
    "needs_review": _Story("web-1006", "SUCCESS", amount=499900),
    "refunded": _Story("web-1001", f"REDIRECT SUCCESS {_ASKED} REFUNDED"),
    "refund_requested": _Story("web-1001", f"REDIRECT SUCCESS {_ASKED}"),
    "refund_failed": _Story("pos-2001", f"SUCCESS {_ASKED} {_REFUSED}", Money(250000, "EUR"), live=True),
    "charged_back": _Story("pos-2001", "SUCCESS CHARGED_BACK", Money(250000, "EUR"), live=True),
}


def samples() -> dict[str, Sample]:
    """Each sample as EventBridge hands it to a consumer, by the name of its file."""
    told = {f"event-{name}": _last(story.payment()) for name, story in _STORIES.items()}
    told["event-succeeded-replayed"] = replayed(told["event-succeeded"])
    return {name: as_delivered(event, name) for name, event in told.items()}


def as_delivered(event: Event, name: str) -> Sample:
    """What the bus makes of the entry that the house puts on it. `name` stands for the delivery: it gives the id."""
    put = _Put()
    EventBridgeBus(put, "payments", _Deaf()).publish([event])
    entry = put.entry
    return {
        "version": "0",
        "id": str(uuid5(NAMESPACE_URL, name)),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": "123456789012",
        "time": f"{entry['Time']:%Y-%m-%dT%H:%M:%SZ}",
        "region": "eu-west-2",
        "resources": entry["Resources"],
        "detail": json.loads(entry["Detail"]),
    }


def _last(payment: Payment) -> Event:
    return event_of(payment, payment.history[-1])


class _Put:
    """EventBridge's client, for one entry."""

    entry: dict[str, Any]

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        (self.entry,) = Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


class _Deaf:
    """Nobody operates on samples."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        pass

    def note(self, signal: str, **facts: str | int) -> None:
        pass
