"""Maps a payment to its item in the table, and back. A Payment has no card number, so the table has none."""

import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from payments.ledger import history_items
from payments.ledger.history_items import Item
from payments.model.card import CardFacts
from payments.model.follow_up import FollowUp
from payments.model.identifiers import mode_of
from payments.model.money import Money
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.timestamps import iso, parse_iso

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

SHARDS: Final = 32
"""Partitions of the follow-up index: enough for 32,000 writes a second, and only 32 queries a minute when idle. A
payment stays in the shard that its item names until its next write. More shards can be added, and none taken away."""

UNLISTED_SHARDS: Final = 8
"""Partitions of each day in the index of unlisted payments: enough for 8,000 charges a second."""


def shard_of(payment_id: str) -> int:
    """The shard of the follow-up index that has this payment, from 0 to SHARDS - 1."""
    return zlib.crc32(payment_id.encode()) % SHARDS


def payment_item(payment: Payment) -> Item:
    """The complete item of a payment, as a claim writes it."""
    fixed = {
        "pk": payment.id,
        "fingerprint": payment.fingerprint,
        "amount": payment.money.amount,
        "currency": payment.money.currency,
        "live": payment.live,
        "order_id": payment.order_id,
        "attempt": payment.attempt,
        "card": _card_item(payment.card),
        "created_at": iso(payment.created_at),
        "history": [history_items.entry_item(entry) for entry in payment.history],
        "published": payment.published,
        "revision": payment.revision,
        "unlisted_on": unlisted_on(payment, shard_of(payment.id) % UNLISTED_SHARDS),
    }
    return {key: value for key, value in {**fixed, **state(payment), **due(payment)}.items() if value is not None}


def state(payment: Payment) -> Item:
    """The attributes that every write sets; None removes the attribute."""
    return {
        "status": payment.status.value,
        "version": payment.version,
        "answered": payment.answered,
        "replayed_while_sending": payment.replayed_while_sending or None,
        "transaction_id": payment.transaction_id,
        "message": payment.message,
        "redirect_url": payment.redirect_url,
        "refund": history_items.refund_item(payment.refund),
        "refund_attempt": history_items.refund_attempt_item(payment.refund_attempt),
        "chargeback": history_items.chargeback_item(payment.chargeback),
        "failure": history_items.failure_item(payment.failure),
        "superseded_at": stamp(payment.superseded_at),
        "ask_at": stamp(payment.follow_up.ask_at),
        "asks": payment.follow_up.asks,
        "not_found": payment.follow_up.not_found,
        "arrived": payment.follow_up.arrived,
        "missing_since": stamp(payment.follow_up.missing_since),
        "asked_since": stamp(payment.follow_up.asked_since),
        "announcer": payment.follow_up.announcer,
    }


def due(payment: Payment) -> Item:
    """The two attributes that put a payment on the follow-up index; both are None if nothing is left to do."""
    at = stamp(payment.follow_up.due_at)
    return {"follow_up_at": at, "follow_up_shard": None if at is None else shard_of(payment.id)}


def place_on_index(payment_id: str, due_at: datetime, shard: int) -> Item:
    """The keys of a payment on the follow-up index."""
    return {"pk": payment_id, "follow_up_shard": shard, "follow_up_at": stamp(due_at)}


def stamp(at: datetime | None) -> int | None:
    """A time as milliseconds since 1970, an integer that sorts."""
    return None if at is None else (at - _EPOCH) // timedelta(milliseconds=1)


def moment(value: Any) -> datetime | None:
    """The time of a stamp."""
    return None if value is None else _EPOCH + timedelta(milliseconds=int(value))


def changes(before: Payment, after: Payment) -> tuple[Item, dict[str, list[Item]]]:
    """The attributes that a write of `after` over `before` sets, and the lists that it appends to."""
    appended = [history_items.entry_item(entry) for entry in after.history[before.version :]]
    return state(after) | due(after), {"history": appended} if appended else {}


def payment_of(item: Mapping[str, Any]) -> Payment:
    """The payment in an item."""
    card = item.get("card")
    return Payment(
        id=item["pk"],
        fingerprint=item["fingerprint"],
        money=Money(int(item["amount"]), item["currency"]),
        live=item["live"],
        order_id=item.get("order_id"),
        attempt=int(item["attempt"]),
        card=CardFacts(**card) if card else None,
        created_at=parse_iso(item["created_at"]),
        status=Status(item["status"]),
        history=tuple(history_items.entry_of(entry) for entry in item["history"]),
        follow_up=FollowUp(
            due_at=moment(item.get("follow_up_at")),
            ask_at=moment(item.get("ask_at")),
            asks=int(item["asks"]),
            not_found=int(item["not_found"]),
            arrived=item["arrived"],
            missing_since=moment(item.get("missing_since")),
            asked_since=moment(item.get("asked_since")),
            announcer=item.get("announcer"),
        ),
        revision=int(item["revision"]),
        published=int(item["published"]),
        answered=item.get("answered"),
        replayed_while_sending=bool(item.get("replayed_while_sending")),
        transaction_id=item.get("transaction_id"),
        message=item.get("message"),
        redirect_url=item.get("redirect_url"),
        refund=history_items.refund_of(item["refund"]),
        refund_attempt=history_items.refund_attempt_of(item.get("refund_attempt")),
        chargeback=history_items.chargeback_of(item["chargeback"]),
        failure=history_items.failure_of(item.get("failure")),
        superseded_at=moment(item.get("superseded_at")),
    )


def _card_item(card: CardFacts | None) -> Item | None:
    if card is None:
        return None
    return {
        "brand": card.brand,
        "last4": card.last4,
        "expiry_month": card.expiry_month,
        "expiry_year": card.expiry_year,
    }


def unlisted_on(payment: Payment, shard: int) -> str | None:
    """The mark in the index of unlisted payments, set by the claim; None for a payment adopted from the list itself."""
    return None if payment.is_adopted else mark_of(payment.created_at.date(), shard, live=payment.live)


def mark_of(day: date, shard: int, *, live: bool) -> str:
    """For example `live#2026-11-01#3`: the index has a partition for each mode, day in UTC and shard."""
    return f"{mode_of(live=live)}#{day.isoformat()}#{shard}"
