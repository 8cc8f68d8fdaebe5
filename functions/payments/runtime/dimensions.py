"""The values that each second dimension of a metric may have. CloudWatch bills each value as a metric of its own."""

from collections.abc import Mapping
from typing import Final

from payments.model.money import EXPONENTS
from payments.model.status import Status

OTHER: Final = "other"
"""Stands for every value outside the closed set."""

DIMENSIONS: Final[Mapping[str, frozenset[str]]] = {
    "status": frozenset(Status),
    "currency": frozenset(EXPONENTS),
    "field": frozenset("amount currency order_id transaction_id".split()),
    "cause": frozenset("signature token too_large unknown_payment".split()),
    "matched": frozenset(
        "webhook_secret/current webhook_secret/previous encryption_key/current encryption_key/previous none".split()
    ),
    "discrepancy": frozenset(
        "orphan refunded_elsewhere refund_confirmed charged_back recorded late_success mismatch amount_drift "
        "currency_drift status_drift refund_drift chargeback_drift suspicious unknown_to_gateway other_transaction "
        "not_listed status_differs unknown_status list_disagrees undecided unconfirmed unreadable_row".split()
    ),
}
"""Dimension → its values. Written out here, so that a cold start of the charge function imports no other room."""


def bounded(dimension: str, value: str) -> str:
    """The value itself if it is in the dimension's closed set, else OTHER."""
    return value if value in DIMENSIONS[dimension] else OTHER
