"""Events: each history entry, told to the outside. Built from the entry alone, so telling it again says the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from payments.history import Entry, Failure
from payments.payment import Payment
from payments.times import iso

SOURCE: Final = "payagency.payments"
SCHEMA_VERSION: Final = "1.0"


@dataclass(frozen=True, slots=True)
class Event:
    """`type` is EventBridge's detail-type, e.g. payment.succeeded; `detail` its JSON: no names, no email, no card."""

    type: str
    payment_id: str
    occurred_at: datetime
    detail: dict[str, Any]


def unpublished(payment: Payment) -> tuple[Event, ...]:
    """The events that the bus has not taken yet, in order."""
    return tuple(event_of(payment, entry) for entry in payment.history[payment.published :])


def event_of(payment: Payment, entry: Entry) -> Event:
    """One history entry as its event. The id is payment and sequence, so consumers can tell a repeat."""
    metadata = {
        "event_id": f"{payment.id}:{entry.sequence}",
        "sequence": entry.sequence,
        "schema_version": SCHEMA_VERSION,
        "occurred_at": iso(entry.at),
        "source": entry.source,
    }
    data = {
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "transaction_id": entry.transaction_id,
        "status": entry.status.value,
        "previous_status": entry.previous_status.value if entry.previous_status else None,
        "amount": payment.money.amount,
        "currency": payment.money.currency,
        "live": payment.live,
        "refund": {"status": entry.refund.status, "refunded_at": _maybe_iso(entry.refund.refunded_at)},
        "chargeback": {
            "status": entry.chargeback.status,
            "charged_back_at": _maybe_iso(entry.chargeback.charged_back_at),
        },
        "failure": _failure(entry.failure),
    }
    return Event(f"payment.{entry.name}", payment.id, entry.at, {"metadata": metadata, "data": data})


def _failure(failure: Failure | None) -> dict[str, str] | None:
    return {"code": failure.code, "message": failure.message} if failure else None


def _maybe_iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
