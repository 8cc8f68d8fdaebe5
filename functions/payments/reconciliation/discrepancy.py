"""Discrepancies: the lines of the report, for a finance person. Names, email addresses and cards cannot get in here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from payments.model.payment import Payment
from payments.model.timestamps import iso
from payments.reconciliation.totals import whole_minor_units
from payments.reconciliation.transaction_list import ListedRow, UnreadableRow

DiscrepancyKind = Literal[
    "orphan",
    "refunded_elsewhere",
    "refund_confirmed",
    "charged_back",
    "recorded",
    "late_success",
    "mismatch",
    "amount_drift",
    "currency_drift",
    "status_drift",
    "refund_drift",
    "chargeback_drift",
    "suspicious",
    "unknown_to_gateway",
    "other_transaction",
    "not_listed",
    "status_differs",
    "unknown_status",
    "list_disagrees",
    "undecided",
    "unconfirmed",
    "unreadable_row",
]
Action = Literal["recorded", "needs_review", "none"]

NOTES: Final[dict[DiscrepancyKind, str]] = {
    "orphan": "The gateway lists a transaction that we have no record of.",
    "refunded_elsewhere": "Refunded at the gateway, not by us. Recorded.",
    "refund_confirmed": "We asked for this refund and got no answer. It was made.",
    "charged_back": "The cardholder's bank took the money back. Recorded.",
    "recorded": "The gateway's verdict reached us by its list alone. Recorded.",
    "late_success": "It had counted as unpaid, and turned out paid. Recorded.",
    "mismatch": "The gateway speaks of another amount, currency or id than was sent. A person decides.",
    "amount_drift": "The gateway has another amount, in its list and when asked again. A person decides.",
    "currency_drift": "The gateway has another currency, in its list and when asked again. A person decides.",
    "status_drift": "The gateway has another status, in its list and when asked again. A person decides.",
    "refund_drift": "Refunded by our record, and not by the gateway's, in its list and when asked. A person decides.",
    "chargeback_drift": "Charged back by our record, and not by the gateway's, listed and asked. A person decides.",
    "suspicious": "The gateway marked it as suspicious.",
    "unknown_to_gateway": "The gateway does not list it, and does not know it when asked.",
    "other_transaction": "Paid at the gateway, under this payment's order, as another transaction. A person decides.",
    "not_listed": "The gateway's list does not have it; asked for it, the gateway knows it.",
    "status_differs": "Both sides say that no money moved, with different statuses. Nothing to do.",
    "unknown_status": "Paid by our record; the gateway has a status for it that we do not know. Nothing was changed.",
    "list_disagrees": "The gateway's list differs from our record; asked again, the gateway agrees with us.",
    "undecided": "It waits for a person's decision since an earlier report. Our column does not count it.",
    "unconfirmed": "Both sides differ, and the gateway did not confirm it when asked, or was not asked. Left as it is.",
    "unreadable_row": "A row of the gateway's list that cannot be read. Nothing was changed.",
}
"""Each kind as a sentence for a finance person: the `note` of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One line of the report. Amounts are minor units; `amount_gateway` is None if it is no whole number of them."""

    discrepancy: DiscrepancyKind
    action: Action
    payment_id: str | None = None
    transaction_id: str | None = None
    order_id: str | None = None
    made_at: datetime | None = None
    amount_here: int | None = None
    amount_gateway: int | None = None
    currency_here: str | None = None
    currency_gateway: str | None = None
    status_here: str | None = None
    status_gateway: str | None = None
    refunded_at: datetime | None = None
    charged_back_at: datetime | None = None
    suspicious_at: datetime | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The line's JSON object, keys in the order of the columns."""
        return {name: _json_value(getattr(self, name)) for name in COLUMNS}


COLUMNS: Final = tuple(Discrepancy.__dataclass_fields__)
"""The columns of the report's CSV, in order."""


LEFT_OPEN: Final[frozenset[DiscrepancyKind]] = frozenset({"unconfirmed", "unknown_to_gateway"})
"""Discrepancies that only another look can decide: the next day, not the next week."""


def is_left_open(line: Discrepancy) -> bool:
    """Whether the line's payment must be looked at again: nothing was done about it, and the next time may be."""
    return line.action == "none" and line.discrepancy in LEFT_OPEN


def _json_value(value: object) -> object:
    return iso(value) if isinstance(value, datetime) else value


def unreadable(row: UnreadableRow) -> Discrepancy:
    """The line about a row that cannot be read."""
    note = f"{NOTES['unreadable_row']} ({row.why})"
    return Discrepancy(discrepancy="unreadable_row", action="none", transaction_id=row.transaction_id, note=note)


def discrepancy_of(
    kind: DiscrepancyKind, action: Action, payment: Payment | None, row: ListedRow | None
) -> Discrepancy:
    """The line about a payment of ours, a row of the gateway's list, or both."""
    transaction = row.transaction if row else None
    return Discrepancy(
        discrepancy=kind,
        action=action,
        payment_id=payment.id if payment else None,
        transaction_id=(payment.transaction_id if payment else None)
        or (transaction.transaction_id if transaction else None),
        order_id=(payment.order_id if payment else None) or (row.order_id if row else None),
        made_at=(row.created_at if row else None) or (payment.created_at if payment else None),
        amount_here=payment.money.amount if payment else None,
        amount_gateway=whole_minor_units(transaction.amount) if transaction else None,
        currency_here=payment.money.currency if payment else None,
        currency_gateway=transaction.currency if transaction else None,
        status_here=payment.status.value if payment else None,
        status_gateway=transaction.raw_status if transaction else None,
        refunded_at=(transaction.refunded_at if transaction else None)
        or (payment.refund.refunded_at if payment else None),
        charged_back_at=(transaction.charged_back_at if transaction else None)
        or (payment.chargeback.charged_back_at if payment else None),
        suspicious_at=row.suspicious_at if row else None,
        note=NOTES[kind],
    )
