"""Weighing: one transaction of the gateway's list against our payment. Done twice, it is done once.

What is news is settled through the one door; what contradicts us is asked about, and what stays goes to a human. The
findings are read off the payment's history, so a page that was cut off finds the same again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from payments.adopting import orphan_of
from payments.books import whole
from payments.comparing import (
    acted_on,
    differences,
    is_decided_by_hand,
    is_silent_on,
    is_told_differently,
    told_by,
)
from payments.confirming import Confirming
from payments.errors import OrderMoved, Released
from payments.findings import NOTES, Action, Finding, Kind
from payments.hearing import hear, hear_flags
from payments.listing import ListedRow
from payments.payment import Payment
from payments.ports import Clock, Order, Telemetry
from payments.reports import Report, mismatches
from payments.reviewing import in_review
from payments.settling import SettlingLedger, rewrite, settle
from payments.statuses import Status

Told = dict[Kind, Action]


class WeighingLedger(SettlingLedger, Protocol):
    """What weighing needs of the table."""

    def claim(self, payment: Payment, order: Order | None) -> Payment | None:
        """See `ClaimLedger.claim`."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """The use case with what it needs. `since`: when the sweep began, so that its own entries are told as findings."""

    ledger: WeighingLedger
    confirming: Confirming
    clock: Clock
    telemetry: Telemetry
    live: bool
    since: datetime

    def weigh(self, row: ListedRow, payment: Payment | None) -> tuple[Payment | None, list[Finding]]:
        """The payment as it then stands, None when the row can become none, and the findings. Raises OutOfTime."""
        try:
            known = payment or self._adopted(row)
            if known is None:
                return None, [line("unreadable_row", "none", None, row)]
            return self._weighed(row, known)
        except Released:  # nothing was sent for it, as we thought; and yet the gateway has it
            return self.weigh(row, None)

    def _weighed(self, row: ListedRow, payment: Payment) -> tuple[Payment, list[Finding]]:
        report = row.report
        settled = self._named(self.settled(payment, report), report.transaction_id)
        standing: Told = {}
        if is_told_differently(settled, report):
            standing["status_differs"] = "none"
        if found := differences(settled, report):
            settled, told = self._confirmed(settled, found, report)
            standing |= told
        if row.suspicious_at is not None:
            settled, told = self._suspected(settled, report)
            standing |= told
        found_now = dict(self.findings(settled, standing))
        if not found_now and settled.status is Status.NEEDS_REVIEW:
            found_now["undecided"] = "none"  # it counts on the gateway's side alone, and each difference has its line
        return settled, [line(kind, action, settled, row) for kind, action in found_now.items()]

    def settled(self, payment: Payment, report: Report) -> Payment:
        """The payment after the news in a report. What changes nothing is not even noted: it would be every day."""

        def facts(current: Payment) -> Payment:
            told = None if mismatches(current, report) else report
            return hear_flags(current, told, "sweep", self.clock()) if told else current

        if is_decided_by_hand(payment):
            return rewrite(payment, facts, self.ledger, self.telemetry)
        if hear(payment, report, "sweep", self.clock()) is payment:
            return payment
        return settle(payment, report, "sweep", self.ledger, self.clock, self.telemetry)

    def _named(self, payment: Payment, transaction_id: str) -> Payment:
        """The payment under its transaction's id: another one for the same order is then another payment."""

        def change(current: Payment) -> Payment:
            return current if current.transaction_id else replace(current, transaction_id=transaction_id)

        return rewrite(payment, change, self.ledger, self.telemetry)

    def reviewed(self, payment: Payment, found: tuple[Kind, ...], report: Report | None) -> Payment:
        """The payment in review for what was found, unless a human has seen it, or the payment has moved on."""
        self.telemetry.about(payment.id, payment.order_id, payment.transaction_id)

        def change(current: Payment) -> Payment:
            if current.status is not payment.status:
                return current
            return in_review(current, found, report, self.clock())

        return rewrite(payment, change, self.ledger, self.telemetry)

    def findings(self, payment: Payment, standing: Told) -> Iterator[tuple[Kind, Action]]:
        """What this sweep has written into a payment's history, and what stands without a trace in it."""
        told: Told = {}
        for entry in payment.history:
            if entry.source == "sweep" and entry.at >= self.since:
                told.update(told_by(payment, entry))
        return iter({**standing, **told}.items())

    def contradicted(self, payment: Payment, answer: Report) -> tuple[Payment, Told]:
        """A payment after what the status API says of it: news is settled, a difference goes to a human, once."""
        settled = self.settled(payment, answer)
        found = differences(settled, answer)
        seen: Told = dict.fromkeys((kind for kind in found if kind in acted_on(settled)), "none")
        return self.reviewed(settled, found, answer), seen

    def _confirmed(self, payment: Payment, found: tuple[Kind, ...], listed: Report) -> tuple[Payment, Told]:
        seen: Told = dict.fromkeys((kind for kind in found if kind in acted_on(payment)), "none")
        if len(seen) == len(found):
            return payment, seen  # a human has decided, or is at it
        answer = self.confirming.confirm(payment)
        if answer is None or answer.transaction_id != listed.transaction_id:
            return payment, {**seen, "unconfirmed": "none"}
        after, told = self.contradicted(payment, answer)
        if after.version > payment.version or told:
            return after, {**seen, **told}
        return after, {**seen, "unconfirmed" if is_silent_on(found, answer) else "list_disagrees": "none"}

    def _suspected(self, payment: Payment, report: Report) -> tuple[Payment, Told]:
        if payment.status is Status.NEEDS_REVIEW:
            return payment, {}
        if payment.frees_the_order:
            return payment, {"suspicious": "none"}
        after = self.reviewed(payment, ("suspicious",), report)
        return after, {"suspicious": "none"} if after is payment else {}

    def _adopted(self, row: ListedRow) -> Payment | None:
        orphan = orphan_of(row, live=self.live, at=self.clock())
        if orphan is None:
            return None
        self.telemetry.about(orphan.id, orphan.order_id, orphan.transaction_id)
        try:
            standing = self.ledger.claim(orphan, None)
        except OrderMoved:  # a payment of ours has that order: this one stands beside it
            orphan = replace(orphan, order_id=None)
            standing = self.ledger.claim(orphan, None)
        if standing is None:
            for entry in orphan.history[1:]:
                self.telemetry.note(
                    f"payment_{entry.name}", payment_id=orphan.id, status=entry.status, source=entry.source
                )
        return standing or orphan


def line(kind: Kind, action: Action, payment: Payment | None, row: ListedRow | None) -> Finding:
    """One finding about a payment of ours, a row of the gateway's, or both."""
    report = row.report if row else None
    return Finding(
        finding=kind,
        action=action,
        payment_id=payment.id if payment else None,
        transaction_id=(payment.transaction_id if payment else None) or (report.transaction_id if report else None),
        order_id=(payment.order_id if payment else None) or (row.order_id if row else None),
        amount_here=payment.money.amount if payment else None,
        amount_gateway=whole(report.amount) if report else None,
        currency_here=payment.money.currency if payment else None,
        currency_gateway=report.currency if report else None,
        status_here=payment.status.value if payment else None,
        status_gateway=report.said if report else None,
        refunded_at=(report.refunded_at if report else None) or (payment.refund.refunded_at if payment else None),
        charged_back_at=(report.charged_back_at if report else None)
        or (payment.chargeback.charged_back_at if payment else None),
        suspicious_at=row.suspicious_at if row else None,
        note=NOTES[kind],
    )
