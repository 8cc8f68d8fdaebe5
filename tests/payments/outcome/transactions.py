"""Transactions of the gateway for the tests of `outcome.apply`: status words, mismatches, and how to apply several."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from payments.gateway.status_words import VERDICTS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Source
from payments.model.payment import Payment
from payments.outcome.apply import apply
from tests.fakes import samples
from tests.fakes.clock import START

LATER = START + timedelta(minutes=5)
STATUS_WORDS = sorted(VERDICTS)
FLAGS = ["refunded", "charged_back"]
SOURCES: list[Source] = ["answer", "webhook", "status", "reconciliation"]

MISMATCHES: dict[str, dict[str, Any]] = {
    "amount": {"amount": Decimal(10000)},
    "a hundred times less": {"amount": Decimal(1)},
    "a little more": {"amount": Decimal("100.01")},
    "a negative amount": {"amount": Decimal(-1)},
    "currency": {"currency": "EUR"},
    "currency in lower case": {"currency": "gbp"},
    "order_id": {"order_id": "another-order"},
    "order_id of another attempt": {"order_id": f"{samples.ORDER_ID}~2"},
}
"""One mismatched field each; it may come with any status word."""


def applied(payment: Payment, *transactions: GatewayTransaction) -> Payment:
    """The payment after the transactions, in this order, each from a status query."""
    for each in transactions:
        payment = apply(payment, each, "status", LATER)
    return payment
