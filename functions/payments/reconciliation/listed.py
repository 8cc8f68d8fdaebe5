"""Weighing: one transaction of the gateway's list against our payment. Done twice, it is done once.

What the list has of news or contradicts is asked about: the status API's word is settled, and what stays between us
goes to a human. The discrepancies are read off the payment's history, so a page that was cut off finds the same again.
"""

from dataclasses import dataclass, replace

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import Released
from payments.reconciliation.comparison import (
    acted_on,
    differences,
    has_verdict,
    is_silent_on,
    is_told_differently,
    is_unknown,
    news,
)
from payments.reconciliation.discrepancy import Discrepancy, DiscrepancyKind, line
from payments.reconciliation.orphan import orphan_of
from payments.reconciliation.resolution import Judging, Told
from payments.reconciliation.transaction_list import ListedRow

Weighed = tuple[Payment | None, list[Discrepancy]]

_OTHER: DiscrepancyKind = "other_transaction"


@dataclass(frozen=True, slots=True)
class Weighing(Judging):
    """The use case."""

    def weigh(self, row: ListedRow, payment: Payment | None, beside: Payment | None = None) -> Weighed:
        """The payment as it then stands, None when the row has none, and the discrepancies. Raises OutOfTime.

        `beside`: our payment that was sent under the row's order id, and is another transaction.
        """
        try:
            found = self._beside(row, beside) if beside else []
            after, told = self._strange(row) if payment is None else self._weighed(row, payment)
        except Released:  # nothing was sent for it, as we thought; and yet the gateway has it
            return self.weigh(row, None)
        return after, [*found, *told]

    def _weighed(self, row: ListedRow, payment: Payment) -> Weighed:
        transaction = row.transaction
        settled, told = self._learnt(payment, transaction)
        if told is None:
            return self.weigh(row, None, beside=settled)
        if row.suspicious_at is not None:
            settled, suspicion = self._suspected(settled, transaction)
            told |= suspicion
        if is_told_differently(settled, transaction):
            told["status_differs"] = "none"
        if is_unknown(settled, transaction):
            told["unknown_status"] = "none"
        found = dict(self.discrepancies(settled, told))
        if not found and settled.status is Status.NEEDS_REVIEW:
            found["undecided"] = "none"  # it counts on the gateway's side alone, and each difference has its line
        if transaction.verdict is not Status.SUCCEEDED:
            found.pop(_OTHER, None)  # told where the other one was; this one is in neither column
        return settled, [line(kind, action, settled, row) for kind, action in found.items()]

    def _learnt(self, payment: Payment, listed: GatewayTransaction) -> tuple[Payment, Told | None]:
        """The payment after what the list has of news was asked about, and what there is to tell of it.

        None when the gateway says that our payment is another one of its transactions.
        """
        heard, seen = news(payment, listed, self.clock()), acted_on(payment, listed)
        found = differences(heard, listed)
        told: Told = dict.fromkeys((kind for kind in found if kind in seen), "none")
        if heard is payment and len(told) == len(found):
            # A human has decided, or there is nothing to decide. In review he is to find out which one is ours.
            return payment if payment.status is Status.NEEDS_REVIEW else self.named(payment, listed), told
        doubted = heard.status is Status.NEEDS_REVIEW and payment.status is not Status.NEEDS_REVIEW
        if self.is_fresh(payment) and (doubted or len(told) < len(found)):
            return payment, {**told, "unconfirmed": "none"}
        answer = self.confirmation.confirm(payment)
        if answer is None:
            return payment, {**told, "unconfirmed": "none"}
        if answer.transaction_id == listed.transaction_id:
            return self._answered(payment, listed, answer, told)
        if payment.transaction_id or mismatched_fields(payment, answer) or self.is_in_flight(payment):
            self.confirmation.doubt()
            return payment, {**told, "unconfirmed": "none"}
        return self.named(self.contradicted(payment, answer)[0], answer), None

    def _answered(
        self, payment: Payment, listed: GatewayTransaction, answer: GatewayTransaction, seen: Told
    ) -> tuple[Payment, Told]:
        after, told = self.contradicted(payment, answer)
        after, told = self.named(after, answer), {**seen, **told}
        if self._is_borne_out(after, listed):
            return after, told
        self.confirmation.doubt()
        if "unconfirmed" not in told:
            unsaid = self.is_fresh(payment) or is_silent_on(payment, listed, answer)
            told["unconfirmed" if unsaid else "list_disagrees"] = "none"
        return after, told

    def _is_borne_out(self, payment: Payment, listed: GatewayTransaction) -> bool:
        """Whether the list has nothing more to say of a payment after it was asked about."""
        is_seen = set(differences(payment, listed)) <= acted_on(payment, listed)
        return is_seen and news(payment, listed, self.clock()) is payment

    def _suspected(self, payment: Payment, transaction: GatewayTransaction) -> tuple[Payment, Told]:
        """Of an open one the verdict is to be heard yet, and it is looked at again when it has come."""
        if payment.status is Status.NEEDS_REVIEW:
            return payment, {}
        if payment.status is not Status.SUCCEEDED:
            return payment, {"suspicious": "none"}
        after = self.reviewed(payment, ("suspicious",), transaction)
        return after, {"suspicious": "none"} if after is payment else {}

    def _strange(self, row: ListedRow) -> Weighed:
        """A transaction that we have no record of. It is adopted once it is over; until then it is looked at again."""
        if not has_verdict(row.transaction):
            return None, [line("orphan", "none", None, row)]
        orphan = orphan_of(row, live=self.live, at=self.clock())
        if orphan is None:
            return None, [line("unreadable_row", "none", None, row)]
        calls = orphan.status is Status.NEEDS_REVIEW
        if calls and not self.confirmation.has_budget():
            return None, [line("orphan", "none", None, row)]
        adopted = self._adopted(orphan)
        if calls:
            self.confirmation.doubt()
        return self._weighed(row, adopted)

    def _beside(self, row: ListedRow, ours: Payment) -> list[Discrepancy]:
        """The order that our payment was for is paid, it seems: until somebody has looked, it is not to be had."""
        transaction = row.transaction
        paid = transaction.verdict is Status.SUCCEEDED and not (transaction.refunded or transaction.charged_back)
        is_same = transaction.amount == ours.money.amount and transaction.currency == ours.money.currency
        if not paid or not is_same:
            return []
        after = self.reviewed(ours, (_OTHER,), transaction) if ours.is_open or ours.frees_the_order else ours
        told = dict(self.discrepancies(after, {}))
        if after.is_open or after.frees_the_order:
            told[_OTHER] = "none"
        if _OTHER not in told:
            return []
        return [replace(line(_OTHER, told[_OTHER], after, None), transaction_id=transaction.transaction_id)]

    def _adopted(self, orphan: Payment) -> Payment:
        self.telemetry.about(orphan.id, orphan.order_id, orphan.transaction_id)
        standing = self.ledger.claim(orphan, None)
        if standing is None:
            for entry in orphan.history[1:]:
                self.telemetry.note(
                    f"payment_{entry.name}", payment_id=orphan.id, status=entry.status, source=entry.source
                )
        return standing or orphan
