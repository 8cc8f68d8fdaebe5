"""The payment resource: one shape from every route, and the HTTP code it comes with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from charge.problems import Problem, Retry, refused_fields
from payments.events.event import event_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.timestamps import iso
from payments.refunding.refund import CHARGED_BACK, Refunded

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


_REFUSALS: Final[dict[str, tuple[int, str, Retry]]] = {
    CHARGED_BACK: (409, "The cardholder's bank has taken the money back.", "never"),
    "gateway_credentials": (502, "The gateway refused our credentials; nothing was sent back.", "after"),
    "refund_refused": (422, "The gateway refused the refund; nothing was sent back.", "after"),
}
"""Failures that were the answer itself. What failed later was answered with 202, and so is its repeat."""


def refund_code(refunded: Refunded, headers: dict[str, str]) -> int:
    """201 when the money is on its way back, 202 while that is not known, was not known at first, or came to nothing.

    Raises the Problem, with these headers, that a refund is answered with which the gateway refused.
    """
    payment = refunded.payment
    _raise_refund_refusal(refunded, headers)
    if payment.awaits_refund:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    request = payment.refund_attempt
    in_doubt_at_first = refunded.failure is not None or (request is not None and request.answered == "in_doubt")
    return 201 if payment.refund.status == "refunded" and not in_doubt_at_first else 202


def _raise_refund_refusal(refunded: Refunded, headers: dict[str, str]) -> None:
    payment, request = refunded.payment, refunded.payment.refund_attempt
    last = request.failure if request and payment.refund.status == "failed" else None
    code = refunded.failure or (last.code if last else None)
    if code not in _REFUSALS:
        return
    status, title, retry = _REFUSALS[code]
    extra: dict[str, Any] = {"payment": resource(payment)}
    own = last if refunded.failure is None else None
    if own is not None:
        extra["detail"] = own.message
    errors = refused_fields(own.errors if own else ())
    raise Problem(status, code, title, retry, errors=errors, headers=headers, extra=extra)
