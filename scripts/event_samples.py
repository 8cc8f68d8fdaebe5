"""The sample events of events/event-*.json, made with the service's own code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from payments.bus.eventbridge import EventBridgeBus
from payments.events.event import Event, event_of, replayed
from payments.gateway.status_words import VERDICTS
from payments.model import refund as refunds
from payments.model.follow_up import RefundAttempt
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Failure
from payments.model.identifiers import payment_id_of
from payments.model.money import Money
from payments.model.payment import Payment, intent
from payments.model.supersession import superseded
from payments.outcome.apply import apply

Sample = dict[str, Any]

_START: Final = datetime(2027, 1, 31, 9, 30, 0, 125000, tzinfo=UTC)
_GBP: Final = Money(4999, "GBP")
_REFUND_REQUESTED: Final = "refund-requested"
_REFUND_REFUSED: Final = "refund-refused"
_SUPERSEDED: Final = "SUPERSEDED"
_FLAGS: Final = {"REFUNDED": "refunded", "CHARGED_BACK": "charged_back"}


@dataclass(frozen=True, slots=True)
class _Scenario:
    """`statuses`: the gateway's statuses in their order. The sample is the last entry of the history."""

    order_id: str
    statuses: str = ""
    money: Money = _GBP
    live: bool = False
    amount: int | None = None

    def payment(self) -> Payment:
        payment = intent(
            payment_id_of(f"key of {self.order_id}", live=self.live),
            fingerprint="",
            money=self.money,
            live=self.live,
            order_id=self.order_id,
            card=None,
            at=_START,
        )
        for nth, status in enumerate(self.statuses.split(), 1):
            at = _START + timedelta(seconds=7 * nth * nth)
            if status == _REFUND_REQUESTED:
                payment = refunds.requested(payment, RefundAttempt("rf_sample", "", at), "")
                continue
            if status == _SUPERSEDED:
                payment = superseded(payment, "pay_sample", at)
                continue
            if status == _REFUND_REFUSED:
                payment = refunds.failed(payment, Failure("refund_refused", ""), at=at, source="answer", evidence={})
                continue
            payment = apply(payment, self._transaction(status), "answer" if nth == 1 else "status", at)
        return payment

    def _transaction(self, status: str) -> GatewayTransaction:
        return GatewayTransaction(
            raw_status=status,
            verdict=VERDICTS.get("SUCCESS" if status in _FLAGS else status),
            transaction_id=f"PA{self.order_id.partition('-')[2].rjust(16, '0')}",
            amount=Decimal(self.amount or self.money.amount),
            currency=self.money.currency,
            message={"FAILED": "Insufficient funds.", "BLOCKED": "Blocked by the risk rules."}.get(status),
            refunded=status == "REFUNDED",
            charged_back=status == "CHARGED_BACK",
        )


_SCENARIOS: Final[Mapping[str, _Scenario]] = {
    "processing": _Scenario("web-1001"),
    "requires_action": _Scenario("web-1001", "REDIRECT"),
    "pending": _Scenario("web-1002", "PENDING"),
    "succeeded": _Scenario("web-1001", "REDIRECT SUCCESS"),
    "succeeded-live": _Scenario("pos-2001", "SUCCESS", Money(250000, "EUR"), live=True),
    "succeeded-late": _Scenario("web-1003", "FAILED SUCCESS"),
    "succeeded-superseded": _Scenario("web-1007", f"REDIRECT {_SUPERSEDED} SUCCESS"),
    "failed": _Scenario("web-1003", "FAILED"),
    "blocked": _Scenario("web-1004", "BLOCKED"),
    "superseded": _Scenario("web-1007", f"REDIRECT {_SUPERSEDED}"),
    "abandoned": _Scenario("web-1005", "REDIRECT ABANDONED"),
    "needs_review": _Scenario("web-1006", "SUCCESS", amount=499900),
    "refunded": _Scenario("web-1001", f"REDIRECT SUCCESS {_REFUND_REQUESTED} REFUNDED"),
    "refund_requested": _Scenario("web-1001", f"REDIRECT SUCCESS {_REFUND_REQUESTED}"),
    "refund_failed": _Scenario(
        "pos-2001", f"SUCCESS {_REFUND_REQUESTED} {_REFUND_REFUSED}", Money(250000, "EUR"), live=True
    ),
    "charged_back": _Scenario("pos-2001", "SUCCESS CHARGED_BACK", Money(250000, "EUR"), live=True),
}


def samples() -> dict[str, Sample]:
    """Each sample in EventBridge's envelope, by the name of its file."""
    events = {f"event-{name}": _last(scenario.payment()) for name, scenario in _SCENARIOS.items()}
    events["event-succeeded-replayed"] = replayed(events["event-succeeded"])
    return {name: as_delivered(event, name) for name, event in events.items()}


def as_delivered(event: Event, name: str) -> Sample:
    """The event in EventBridge's envelope. Its id is derived from `name`."""
    client = _RecordingClient()
    EventBridgeBus(client, "payments", _NoTelemetry()).publish([event])
    entry = client.entry
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


class _RecordingClient:
    """A client of EventBridge that keeps one entry."""

    entry: dict[str, Any]

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        (self.entry,) = Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


class _NoTelemetry:
    """Samples need no telemetry."""

    def about(self, payment_id: str | None, order_id: str | None = None, transaction_id: str | None = None) -> None:
        pass

    def note(self, signal: str, **facts: str | int) -> None:
        pass
