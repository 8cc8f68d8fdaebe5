"""Events: each history entry, told to the outside. Built from the entry alone, so telling it again says the same.

The types are the contract with consumers: `schemas/` is made of them, their docstrings and the forms beside them.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal, NotRequired

from typing_extensions import TypedDict  # below Python 3.12, pydantic makes no schema of typing's own

from payments.model.history import Chargeback, Entry, Failure, Refund, Source
from payments.model.identifiers import ORDER_ID_PATTERN, PAYMENT_ID_PATTERN
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.timestamps import iso

SOURCE: Final = "payagency.payments"
SCHEMA_VERSION: Final = "1.0"
FACTS: Final = ("refund_requested", "refunded", "refund_failed", "charged_back")
"""Entries that are no move from status to status. `payment.<name>` is the type of every event."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a value looks like, in JSON Schema's keywords."""

    pattern: str | None = None
    format: str | None = None
    minimum: int | None = None
    examples: tuple[str, ...] = ()


_Moment = Annotated[str, Form(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", format="date-time")]


class EventMetadata(TypedDict):
    """What is known of the telling."""

    event_id: Annotated[str, Form(f"^{PAYMENT_ID_PATTERN}:[1-9][0-9]*$")]
    """The payment and the sequence; the same event told again bears the same id."""
    sequence: Annotated[int, Form(minimum=1)]
    """The place in the payment's history: 1, 2, 3, … without a gap."""
    schema_version: Literal["1.0"]
    """The version of the schema that this event meets."""
    occurred_at: _Moment
    """When it was recorded; UTC."""
    source: Source
    """The witness on whose word it rests."""
    replayed: NotRequired[Literal[True]]
    """There when an operator republished the event, and only then."""


class RefundFact(TypedDict):
    """The way back, a fact beside the status."""

    status: Literal["none", "requested", "refunded", "failed"]
    refunded_at: _Moment | None


class ChargebackFact(TypedDict):
    """The cardholder's bank took the money back, a fact beside the status."""

    status: Literal["none", "charged_back"]
    charged_back_at: _Moment | None


class FailureFact(TypedDict):
    """Why the payment did not succeed, or why a human must look."""

    code: Annotated[str, Form(examples=("declined", "blocked", "abandoned", "never_arrived", "integrity_mismatch"))]
    """Ours, for programs; new ones may come."""
    message: str
    """For people."""


class PaymentFacts(TypedDict):
    """The payment as it stood right after what happened."""

    payment_id: Annotated[str, Form(f"^{PAYMENT_ID_PATTERN}$")]
    order_id: Annotated[str, Form(f"^{ORDER_ID_PATTERN}$")] | None
    """The shop's own, if it gave one."""
    transaction_id: str | None
    """The gateway's, once it has told one."""
    status: Status
    previous_status: Status | None
    """Before this event; null for the first."""
    amount: Annotated[int, Form(minimum=1)]
    """Minor units of the currency."""
    currency: Annotated[str, Form("^[A-Z]{3}$")]
    """ISO 4217."""
    live: bool
    """False for the gateway's test mode: no money moves."""
    refund: RefundFact
    chargeback: ChargebackFact
    failure: FailureFact | None


class EventDetail(TypedDict):
    """EventBridge's `detail`: no names, no email, no card."""

    metadata: EventMetadata
    data: PaymentFacts


@dataclass(frozen=True, slots=True)
class Event:
    """`type` is EventBridge's detail-type, e.g. payment.succeeded."""

    type: str
    payment_id: str
    occurred_at: datetime
    detail: EventDetail


def unpublished(payment: Payment) -> tuple[Event, ...]:
    """The events that the bus has not taken yet, in order."""
    return tuple(event_of(payment, entry) for entry in payment.history[payment.published :])


def published(payment: Payment) -> tuple[Event, ...]:
    """The events that the bus has taken, in order."""
    return tuple(event_of(payment, entry) for entry in payment.history[: payment.published])


def replayed(event: Event) -> Event:
    """The same event, marked as told again on purpose."""
    metadata: EventMetadata = {**event.detail["metadata"], "replayed": True}
    return replace(event, detail={**event.detail, "metadata": metadata})


def event_of(payment: Payment, entry: Entry) -> Event:
    """One history entry as its event. The id is payment and sequence, so consumers can tell a repeat."""
    metadata: EventMetadata = {
        "event_id": f"{payment.id}:{entry.sequence}",
        "sequence": entry.sequence,
        "schema_version": SCHEMA_VERSION,
        "occurred_at": iso(entry.at),
        "source": entry.source,
    }
    data: PaymentFacts = {
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "transaction_id": entry.transaction_id,
        "status": entry.status,
        "previous_status": entry.previous_status,
        "amount": payment.money.amount,
        "currency": payment.money.currency,
        "live": payment.live,
        "refund": _refund(entry.refund),
        "chargeback": _chargeback(entry.chargeback),
        "failure": _failure(entry.failure),
    }
    return Event(f"payment.{entry.name}", payment.id, entry.at, {"metadata": metadata, "data": data})


def _refund(refund: Refund) -> RefundFact:
    return {"status": refund.status, "refunded_at": _maybe_iso(refund.refunded_at)}


def _chargeback(chargeback: Chargeback) -> ChargebackFact:
    return {"status": chargeback.status, "charged_back_at": _maybe_iso(chargeback.charged_back_at)}


_SENTENCES: Final = {
    "abandoned": "the shopper did not complete the payment",
    "blocked": "the gateway blocked the payment",
    "declined": "the gateway declined the payment",
    "gateway_credentials": "the gateway refused our credentials: nothing was charged",
    "invalid_request": "the gateway refused the request: nothing was charged",
}
"""What consumers are told instead of the gateway's words, in which anything may stand, a name for one."""


def _failure(failure: Failure | None) -> FailureFact | None:
    if failure is None:
        return None
    return {"code": failure.code, "message": _SENTENCES.get(failure.code, failure.message)}


def _maybe_iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
