"""Events: each history entry as consumers get it. Built from the entry alone, so a repeated event is identical.

The types are the contract with consumers. `schemas/` is generated from them, their docstrings and their `Form`s.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final, Literal, NotRequired

from typing_extensions import TypedDict  # below Python 3.12, pydantic makes no schema of typing's own

from payments.model.history import Chargeback, Entry, Failure, Refund, Source
from payments.model.identifiers import ORDER_ID_PATTERN, PAYMENT_ID_PATTERN
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import was_superseded_at
from payments.model.timestamps import iso

SOURCE: Final = "payagency.payments"
SCHEMA_VERSION: Final = "1.0"
FACTS: Final = ("refund_requested", "refunded", "refund_failed", "charged_back", "superseded")
"""Names of the entries that are no transition of the status. The type of every event is `payment.<entry name>`."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a value, in JSON Schema's keywords."""

    pattern: str | None = None
    format: str | None = None
    minimum: int | None = None
    examples: tuple[str, ...] = ()


_Moment = Annotated[str, Form(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", format="date-time")]


class EventMetadata(TypedDict):
    """Facts about the event itself."""

    event_id: Annotated[str, Form(f"^{PAYMENT_ID_PATTERN}:[1-9][0-9]*$")]
    """Payment id and sequence. An event that is published again has the same id."""
    sequence: Annotated[int, Form(minimum=1)]
    """The position in the payment's history: 1, 2, 3, … without a gap."""
    schema_version: Literal["1.0"]
    """The version of the schema of this event."""
    occurred_at: _Moment
    """When the history entry was recorded, in UTC."""
    source: Source
    """Where the information came from."""
    replayed: NotRequired[Literal[True]]
    """Present only when an operator has republished the event."""


class RefundFact(TypedDict):
    """The refund, a fact beside the status."""

    status: Literal["none", "requested", "refunded", "failed"]
    refunded_at: _Moment | None


class ChargebackFact(TypedDict):
    """The cardholder's bank took the money back, a fact beside the status."""

    status: Literal["none", "charged_back"]
    charged_back_at: _Moment | None


class FailureFact(TypedDict):
    """Why the payment did not succeed, or why a person must decide."""

    code: Annotated[str, Form(examples=("declined", "blocked", "abandoned", "never_arrived", "integrity_mismatch"))]
    """For programs. New codes may be added."""
    message: str
    """For people."""


class PaymentFacts(TypedDict):
    """The payment right after the event."""

    payment_id: Annotated[str, Form(f"^{PAYMENT_ID_PATTERN}$")]
    order_id: Annotated[str, Form(f"^{ORDER_ID_PATTERN}$")] | None
    """The shop's own order id, if it sent one."""
    transaction_id: str | None
    """The gateway's id of the payment, once it is known."""
    status: Status
    previous_status: Status | None
    """The status before this event; null for the first event."""
    amount: Annotated[int, Form(minimum=1)]
    """In minor units of the currency."""
    currency: Annotated[str, Form("^[A-Z]{3}$")]
    """ISO 4217 code."""
    live: bool
    """False for the gateway's test mode: no money moves."""
    refund: RefundFact
    chargeback: ChargebackFact
    failure: FailureFact | None
    superseded_at: NotRequired[_Moment]
    """Present only once the payment has given up its order, to another payment or by a cancellation."""


class EventDetail(TypedDict):
    """EventBridge's `detail`. It contains no names, no email address and no card."""

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
    """The events that are not on the bus yet, in order."""
    return tuple(event_of(payment, entry) for entry in payment.history[payment.published :])


def published(payment: Payment) -> tuple[Event, ...]:
    """The events that are on the bus, in order."""
    return tuple(event_of(payment, entry) for entry in payment.history[: payment.published])


def replayed(event: Event) -> Event:
    """The same event, marked as republished on purpose."""
    metadata: EventMetadata = {**event.detail["metadata"], "replayed": True}
    return replace(event, detail={**event.detail, "metadata": metadata})


def event_of(payment: Payment, entry: Entry) -> Event:
    """The event of one history entry. Its id is payment id and sequence: consumers recognise a repeated event by it."""
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
    if (superseded_at := was_superseded_at(payment, entry)) is not None:
        data["superseded_at"] = iso(superseded_at)
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
"""Failure code → the message for consumers. The gateway's own message is not published: it may contain a name."""


def _failure(failure: Failure | None) -> FailureFact | None:
    if failure is None:
        return None
    return {"code": failure.code, "message": _SENTENCES.get(failure.code, failure.message)}


def _maybe_iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
