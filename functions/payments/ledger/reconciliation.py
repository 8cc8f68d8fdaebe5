"""Both books side by side: payments found by what the gateway calls them, and the index of those it has not listed."""

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
from payments.reconciliation.steps import Marked
from payments.reconciliation.transaction_list import Span

INDEX: Final = "unlisted"
UNDER_MARK: Final = "unlisted_on = :mark"
AFTER_IT: Final = "unlisted_on = :mark AND pk > :after"
IS_UNLISTED: Final = "attribute_exists(unlisted_on)"

PAGE: Final = 25
"""Payments of the index looked at between two checkpoints: each may cost a question to the gateway."""


class DynamoReconciliationLedger(DynamoLedger):
    """Meets the ReconciliationLedger port."""

    def sent_under(self, wire_order_ids: Iterable[str]) -> Mapping[str, Marked]:
        """See `ReconciliationLedger.sent_under`."""
        ours = {told: told for told in wire_order_ids if is_payment_id(told)}
        tried = {told: attempt for told in wire_order_ids if (attempt := attempt_of(told)) is not None}
        locks = {
            item["pk"]: item for item in self._table.batch_get(order_lock.key_of(order) for order, _ in tried.values())
        }
        for told, (order, nth) in tried.items():
            attempts = order_lock.order_of(locks[key]).attempts if (key := order_lock.key_of(order)) in locks else ()
            if nth <= len(attempts):
                ours[told] = attempts[nth - 1]
        found = self.standing(ours.values())
        sent = {told: found[payment_id] for told, payment_id in ours.items() if payment_id in found}
        return {told: marked for told, marked in sent.items() if marked.payment.wire_order_id == told}

    def standing(self, payment_ids: Iterable[str]) -> Mapping[str, Marked]:
        """See `ReconciliationLedger.standing`."""
        return {item["pk"]: _marked(item) for item in self._table.batch_get(payment_ids)}

    def unlisted(self, span: Span, place: str | None) -> tuple[Sequence[Payment], str | None]:
        """See `ReconciliationLedger.unlisted`. At most a page, and at most a day's shards are looked into."""
        day, shard, after = _opened(place) if place else (span.first, 0, "")
        while shard < payment_items.SHARDS:
            found = self._page(mark_of(day, shard), after)
            if found:
                standing = self.standing(found)
                # The index may lag: what was crossed off a moment ago is on it for a moment more.
                payments = [standing[pk].payment for pk in found if pk in standing and standing[pk].is_unlisted]
                return payments, f"{mark_of(day, shard)}#{found[-1]}"
            shard, after = shard + 1, ""
        following = day + timedelta(days=1)
        return [], f"{mark_of(following, 0)}#" if following <= span.last else None

    def cross_off(self, payment_ids: Iterable[str]) -> None:
        """See `ReconciliationLedger.cross_off`. It is no news of the payment: its revision stays."""
        for payment_id in payment_ids:
            try:
                off = {"unlisted_on": None}
                self._table.update(payment_id, off, condition=IS_UNLISTED, values={}, raises_revision=False)
            except ClientError as error:
                failed_condition(error)  # somebody else has done it

    def _page(self, mark: str, after: str) -> list[str]:
        condition, values = (AFTER_IT, {":mark": mark, ":after": after}) if after else (UNDER_MARK, {":mark": mark})
        return [found["pk"] for found in self._table.query(INDEX, condition, values, PAGE)]


def _marked(item: Mapping[str, Any]) -> Marked:
    return Marked(payment_items.payment_of(item), is_unlisted="unlisted_on" in item)


def _opened(place: str) -> tuple[date, int, str]:
    day, shard, after = place.split("#")
    return date.fromisoformat(day), int(shard), after
