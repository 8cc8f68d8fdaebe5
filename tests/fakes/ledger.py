"""The table in memory. Its items are those of DynamoDB; its conditions are written a second time, not shared.

The contract suite (tests/payments/ledger/contracts.py) checks that both tables behave alike.
"""

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from payments.ledger import history_items, payment_items
from payments.model.announcer import with_announcer
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.ledger import Due, LostRace, OrderLock, OrderMoved, Released, Superseding
from payments.reconciliation.matching import IndexedPayment
from payments.reconciliation.transaction_list import Span


class InMemoryLedger:
    """Meets the ledger ports. Every call is one atomic step, from any thread."""

    def __init__(self, *, leaves_to_relay: bool = True) -> None:
        self._table: dict[str, history_items.Item] = {}
        self._lock = threading.RLock()
        self._leaves_to_relay = leaves_to_relay

    @property
    def announcing(self) -> "InMemoryLedger":
        """The same table, for a process that publishes what it has written."""
        other = copy.copy(self)
        other._leaves_to_relay = False
        return other

    # ------------------------------------------------------------ claiming

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        """See `ClaimLedger.claim`."""
        with self._lock:
            if payment.id in self._table:
                return self._read(payment.id)
            if payment.order_id is not None:
                self._take_order(payment, lock, superseding)
            self._table[payment.id] = copy.deepcopy(payment_items.payment_item(self._announced(None, payment)))
            return None

    def release(self, payment: Payment) -> bool:
        """See `ClaimLedger.release`."""
        with self._lock:
            item = self._table.get(payment.id)
            if item is None or item["version"] != 1 or item["published"] != 0 or item.get("replayed_while_sending"):
                return False
            if payment.order_id is not None:
                attempts = self._attempts(payment.order_id, live=payment.live)
                if len(attempts) != payment.attempt:
                    return False
                self._set_attempts(payment.order_id, attempts[:-1], live=payment.live)
            del self._table[payment.id]
            return True

    def order(self, order_id: str, *, live: bool) -> OrderLock | None:
        """See `ClaimLedger.order`."""
        with self._lock:
            attempts = self._attempts(order_id, live=live)
            return OrderLock(order_id, tuple(attempts)) if attempts else None

    # --------------------------------------------------------- one payment

    def get(self, payment_id: str) -> Payment | None:
        """See `ClaimLedger.get`."""
        with self._lock:
            return self._read(payment_id) if payment_id in self._table else None

    def several(self, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
        """See `OrderReader.several`."""
        with self._lock:
            return {pk: self._read(pk) for pk in payment_ids if pk in self._table}

    def save(self, before: Payment, after: Payment) -> Payment:
        """See `ClaimLedger.save`."""
        with self._lock:
            item = self._table.get(before.id)
            if item is None:
                raise Released(f"{before.id} was released")
            if item["revision"] != before.revision:
                raise LostRace(self._read(before.id))
            after = self._announced(before, after)
            item["history"] += [history_items.entry_item(entry) for entry in after.history[before.version :]]
            _change(item, payment_items.state(after) | payment_items.due(after) | {"revision": before.revision + 1})
            return self._read(before.id)

    def advance(self, payment: Payment, published: int) -> None:
        """See `FollowUpLedger.advance`."""
        with self._lock:
            item = self._table.get(payment.id)
            if item is None or item["published"] > published:
                return
            unseen = item["revision"] != payment.revision
            _change(item, {"published": published, "revision": item["revision"] + 1})
            if published == payment.version and not unseen:
                rest = payment_items.stamp(payment.follow_up.ask_at)
                shard = None if rest is None else payment_items.shard_of(payment.id)
                _change(item, {"follow_up_at": rest, "follow_up_shard": shard, "announcer": None})

    def note_refresh(self, payment_id: str, now: datetime, not_since: datetime) -> bool:
        """See `RefreshLedger.note_refresh`."""
        with self._lock:
            item = self._table.get(payment_id)
            if item is None or item.get("refreshed_at", 0) > (payment_items.stamp(not_since) or 0):
                return False
            item["refreshed_at"] = payment_items.stamp(now)
            return True

    # ----------------------------------------------------------- follow-up

    @property
    def shards(self) -> range:
        """See `FollowUpLedger.shards`."""
        return range(payment_items.SHARDS)

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: Due | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterator[Due]:
        """See `FollowUpLedger.due`."""
        sign = -1 if newest_first else 1
        last = (payment_items.stamp(after.due_at) or 0, after.payment_id) if after else None
        for shard in self.shards if shards is None else shards:
            with self._lock:
                found = sorted(
                    (item["follow_up_at"], pk, item["version"] > item["published"])
                    for pk, item in self._table.items()
                    if item.get("follow_up_shard") == shard and item["follow_up_at"] <= (payment_items.stamp(now) or 0)
                )[::sign]
            rest = [entry for entry in found if last is None or (entry[:2] > last if sign > 0 else entry[:2] < last)]
            for stamp, pk, has_events in rest[:limit]:
                at = payment_items.moment(stamp)
                if at is not None:
                    yield Due(pk, at, has_events)

    def lease(self, due: Due, until: datetime) -> Payment | None:
        """See `FollowUpLedger.lease`."""
        with self._lock:
            item = self._table.get(due.payment_id)
            if item is None or item.get("follow_up_at") != payment_items.stamp(due.due_at):
                return None
            _change(item, {"follow_up_at": payment_items.stamp(until), "revision": item["revision"] + 1})
            return self._read(due.payment_id)

    # ------------------------------------------------------ reconciliation

    def sent_under(
        self, wire_order_ids: Iterable[str], *, live: bool, consistent: bool = True
    ) -> Mapping[str, IndexedPayment]:
        """See `ReconciliationLedger.sent_under`."""
        with self._lock:
            sent = {wire: pk for wire in set(wire_order_ids) if (pk := self._sent_under(wire, live=live)) is not None}
            found = {wire: self._marked(pk) for wire, pk in sent.items()}
        found = {wire: marked for wire, marked in found.items() if marked.payment.live == live}
        return {wire: marked for wire, marked in found.items() if marked.payment.wire_order_id == wire}

    def standing(self, payment_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, IndexedPayment]:
        """See `ReconciliationLedger.standing`."""
        with self._lock:
            return {pk: self._marked(pk) for pk in set(payment_ids) if pk in self._table}

    def unlisted(self, span: Span, place: str | None, *, live: bool) -> tuple[list[Payment], str | None]:
        """See `ReconciliationLedger.unlisted`. A page has three payments, so that tests see more than one page."""
        with self._lock:
            marks = sorted(
                f"{mark}#{pk}"
                for pk, item in self._table.items()
                if (mark := item.get("unlisted_on", "").removeprefix("live#" if live else "test#"))
                and f"{span.first}" <= mark[:10] <= f"{span.last}"
            )
            page = [mark for mark in marks if mark > (place or "")][:3]
            return [self._read(mark.split("#")[2]) for mark in page], page[-1] if page else None

    def cross_off(self, payment_ids: Iterable[str]) -> None:
        """See `ReconciliationLedger.cross_off`."""
        for payment_id in payment_ids:
            with self._lock:
                self._table.get(payment_id, {}).pop("unlisted_on", None)

    # ------------------------------------------------------ for tests only

    def payments(self) -> list[Payment]:
        """Every payment in its current state."""
        with self._lock:
            return [self._read(pk) for pk, item in self._table.items() if pk.startswith("pay_")]

    def dump(self) -> str:
        """The whole table as text, to search for data that must not be stored."""
        with self._lock:
            return repr(self._table)

    # ------------------------------------------------------------- private

    def _announced(self, before: Payment | None, after: Payment) -> Payment:
        return with_announcer(before, after, leaves_to_relay=self._leaves_to_relay)

    def _read(self, payment_id: str) -> Payment:
        return payment_items.payment_of(self._table[payment_id])  # made of new objects: nothing of the item is shared

    def _marked(self, payment_id: str) -> IndexedPayment:
        return IndexedPayment(self._read(payment_id), is_unlisted="unlisted_on" in self._table[payment_id])

    def _sent_under(self, wire_order_id: str, *, live: bool) -> str | None:
        if wire_order_id in self._table and wire_order_id.startswith("pay_"):
            return wire_order_id
        order_id, _, nth = wire_order_id.partition("~")
        attempts = dict(enumerate(self._attempts(order_id, live=live), start=1))
        return attempts.get(int(nth) if nth.isdecimal() else 1)

    def _take_order(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None) -> None:
        order_id = payment.order_id or ""
        attempts = self._attempts(order_id, live=payment.live)
        seen = len(lock.attempts) if lock else 0
        if len(attempts) != seen:
            raise OrderMoved(f"order {order_id} moved on")
        if superseding is not None:
            try:
                self.save(superseding.before, superseding.after)
            except (LostRace, Released):
                raise OrderMoved(f"order {order_id} moved on") from None
        elif attempts and not self._is_freed(attempts[-1]):
            raise OrderMoved(f"order {order_id} moved on")
        self._set_attempts(order_id, [*attempts, payment.id], live=payment.live)

    def _is_freed(self, payment_id: str) -> bool:
        item = self._table.get(payment_id, {})
        unresolved = (item.get("failure") or {}).get("code") == "unresolved"
        sent_back = item.get("status") == Status.SUCCEEDED and item["refund"]["status"] in ("requested", "refunded")
        given_up = item.get("status") == Status.REQUIRES_ACTION or unresolved or sent_back
        return item.get("status") in FREES_THE_ORDER or ("superseded_at" in item and given_up)

    def _attempts(self, order_id: str, *, live: bool) -> list[str]:
        return list(self._table.get(_lock_key(order_id, live=live), {}).get("attempts", []))

    def _set_attempts(self, order_id: str, attempts: list[str], *, live: bool) -> None:
        key = _lock_key(order_id, live=live)
        if attempts:
            self._table[key] = {"pk": key, "attempts": attempts}
        else:
            self._table.pop(key, None)


def _lock_key(order_id: str, *, live: bool) -> str:
    return f"order#{'live' if live else 'test'}#{order_id}"


def _change(item: history_items.Item, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if value is None:
            item.pop(name, None)
        else:
            item[name] = copy.deepcopy(value)
