"""The reconciliation's reads: payments by the gateway's order id, and the index of unlisted payments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError

from payments.ledger import order_lock, payment_items
from payments.ledger.expressions import failed_condition
from payments.ledger.payment_items import mark_of
from payments.ledger.payments import DynamoLedger
from payments.model.identifiers import attempt_of, is_payment_id
from payments.model.payment import Payment
from payments.reconciliation.matching import IndexedPayment
from payments.reconciliation.transaction_list import Span

INDEX: Final = "unlisted"
UNDER_MARK: Final = "unlisted_on = :mark"
AFTER_IT: Final = "unlisted_on = :mark AND pk > :after"
IS_UNLISTED: Final = "attribute_exists(unlisted_on)"

PAGE: Final = 25
"""Payments of the index between two checkpoints: each may cost a question to the gateway."""


class DynamoReconciliationLedger(DynamoLedger):
    """Meets the ReconciliationLedger port."""

    def sent_under(
        self, wire_order_ids: Iterable[str], *, live: bool, consistent: bool = True
    ) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.sent_under`."""
        ours = {sent_as: sent_as for sent_as in wire_order_ids if is_payment_id(sent_as)}
        tried = {sent_as: attempt for sent_as in wire_order_ids if (attempt := attempt_of(sent_as)) is not None}
        keys = {order: order_lock.key_of(order, live=live) for order, _ in tried.values()}
        locks = {item["pk"]: item for item in self._table.batch_get(keys.values(), consistent=consistent)}
        for sent_as, (order, number) in tried.items():
            attempts = order_lock.order_of(locks[key]).attempts if (key := keys[order]) in locks else ()
            if number <= len(attempts):
                ours[sent_as] = attempts[number - 1]
        found = self.standing(ours.values(), consistent=consistent)
        sent = {sent_as: found[payment_id] for sent_as, payment_id in ours.items() if payment_id in found}
        return {
            sent_as: indexed
            for sent_as, indexed in sent.items()
            if indexed.payment.wire_order_id == sent_as and indexed.payment.live == live
        }

    def standing(self, payment_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.standing`."""
        return {item["pk"]: _indexed(item) for item in self._table.batch_get(payment_ids, consistent=consistent)}

    def unlisted(self, span: Span, place: str | None, *, live: bool) -> tuple[Sequence[Payment], str | None]:
        """See `ReconciliationLedger.unlisted`. One call reads at most the shards of one day."""
        day, shard, after = _parse_place(place) if place else (span.first, 0, "")
        while shard < payment_items.UNLISTED_SHARDS:
            found = self._page(mark_of(day, shard, live=live), after)
            if found:
                standing = self.standing(found)
                # The index may lag: a payment that was crossed off a moment ago may still be on it.
                payments = [standing[pk].payment for pk in found if pk in standing and standing[pk].is_unlisted]
                return payments, f"{day}#{shard}#{found[-1]}"
            shard, after = shard + 1, ""
        following = day + timedelta(days=1)
        return [], f"{following}#0#" if following <= span.last else None

    def cross_off(self, payment_ids: Iterable[str]) -> None:
        """See `ReconciliationLedger.cross_off`. The payment itself does not change, so its revision stays."""
        for payment_id in payment_ids:
            try:
                off = {"unlisted_on": None}
                self._table.update(payment_id, off, condition=IS_UNLISTED, values={}, raises_revision=False)
            except ClientError as error:
                failed_condition(error)  # another call has crossed it off

    def _page(self, mark: str, after: str) -> list[str]:
        condition, values = (AFTER_IT, {":mark": mark, ":after": after}) if after else (UNDER_MARK, {":mark": mark})
        return [found["pk"] for found in self._table.query(INDEX, condition, values, PAGE)]


def _indexed(item: Mapping[str, Any]) -> IndexedPayment:
    return IndexedPayment(payment_items.payment_of(item), is_unlisted="unlisted_on" in item)


def _parse_place(place: str) -> tuple[date, int, str]:
    day, shard, after = place.split("#")
    return date.fromisoformat(day), int(shard), after
