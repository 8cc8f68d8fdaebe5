"""The payment resource: one shape from every route, and the HTTP code it comes with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from charge.problems import Problem, refused_fields
from payments.events import event_of
from payments.payment import Payment
from payments.statuses import Status
from payments.times import iso

RETRY_AFTER_SECONDS: Final = 5


def resource(payment: Payment) -> dict[str, Any]:
    """The JSON of a payment. No names, no email, no card number."""
    card, failure, action = payment.card, payment.failure, payment.redirect_url
    return {
        "id": payment.id,
        "status": payment.status.value,
        "amount": payment.money.amount,
        "currency": payment.money.currency,
        "order_id": payment.order_id,
        "transaction_id": payment.transaction_id,
        "message": payment.message,
        "next_action": {"type": "redirect", "url": action} if action else None,
        "card": {
            "brand": card.brand,
            "last4": card.last4,
            "expiry_month": card.expiry_month,
            "expiry_year": card.expiry_year,
        }
        if card
        else None,
        "refund": {"status": payment.refund.status, "refunded_at": _iso(payment.refund.refunded_at)},
        "chargeback": {
            "status": payment.chargeback.status,
            "charged_back_at": _iso(payment.chargeback.charged_back_at),
        },
        "failure": {"code": failure.code, "message": failure.message} if failure else None,
        "live": payment.live,
        "version": payment.version,
        "created_at": iso(payment.created_at),
        "updated_at": iso(payment.updated_at),
    }


def timeline(payment: Payment) -> list[dict[str, Any]]:
    """A payment's history: each entry as its event, with its evidence and whether the bus has taken it."""
    told = ((entry, event_of(payment, entry)) for entry in payment.history)
    return [
        {
            "type": event.type,
            **event.detail,
            "evidence": dict(entry.evidence),
            "published": entry.sequence <= payment.published,
        }
        for entry, event in told
    ]


def answer_code(payment: Payment, headers: Mapping[str, str]) -> int:
    """The code of the first answer and of its repeats: 201 for a verdict, 202 while there is none or was none.

    Raises the Problem, with these headers, that a refusal by the gateway is answered with.
    """
    _raise_refusal(payment, headers)
    never_decided = payment.answered is None and payment.status is Status.NEEDS_REVIEW
    undecided = payment.status is Status.PROCESSING or payment.answered == "in_doubt" or never_decided
    return 202 if undecided else 201


def _raise_refusal(payment: Payment, headers: Mapping[str, str]) -> None:
    failure = payment.failure
    if failure is None:
        return
    told = {"payment": resource(payment)}
    if failure.code == "gateway_credentials":
        title = "The gateway refused our credentials; nothing was charged."
        raise Problem(502, "gateway_credentials", title, headers=headers, extra=told)
    if failure.code == "invalid_request":
        errors = refused_fields(failure.errors)
        title = "The gateway refused the request; nothing was charged."
        raise Problem(
            422, "refused_by_gateway", title, errors=errors, headers=headers, extra={**told, "detail": failure.message}
        )


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
