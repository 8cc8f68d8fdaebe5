"""The JSON of a payment and of its history: one shape, the same in every answer."""

from datetime import datetime
from typing import Any

from payments.events.event import event_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.timestamps import iso


def resource(payment: Payment) -> dict[str, Any]:
    """The payment resource. Amounts in minor units, times in UTC. No name, email or card number."""
    card, failure = payment.card, payment.failure
    waits_on_page = payment.status is Status.REQUIRES_ACTION and payment.superseded_at is None
    action = payment.redirect_url if waits_on_page else None
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
        "superseded_at": _iso(payment.superseded_at),
        "failure": {"code": failure.code, "message": failure.message} if failure else None,
        "live": payment.live,
        "version": payment.version,
        "created_at": iso(payment.created_at),
        "updated_at": iso(payment.updated_at),
    }


def timeline(payment: Payment) -> list[dict[str, Any]]:
    """The payment's history, oldest first: each entry as its event, with its evidence, who requested it, and whether it
    is published.
    """
    events = ((entry, event_of(payment, entry)) for entry in payment.history)
    return [
        {
            "type": event.type,
            **event.detail,
            "evidence": dict(entry.evidence),
            "principal": entry.principal,
            "published": entry.sequence <= payment.published,
        }
        for entry, event in events
    ]


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
