"""Claims a payment: records it and takes the lock of its order, so that an order has at most one payment in flight.

When the shopper has left the gateway's page, the payment gives its order away: the claim marks it as superseded.

NothingSent
├── OrderTaken        the order is paid, or a payment for it is in flight
└── OrderExhausted    the order has had all its attempts
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from payments.charging.left_payment import Asked
from payments.errors import NothingSent
from payments.model.payment import Payment
from payments.model.supersession import frees_the_order, goes_back, is_left, superseded, waits_for_shopper
from payments.outcome.record import note_entries, requested_by
from payments.ports.ledger import ClaimLedger, OrderLock, OrderMoved, Superseding
from payments.ports.runtime import Telemetry

Query = Callable[[Payment], Asked | None]
"""A payment → the payment after a status query; None: the gateway does not answer."""

LOCK_TRIES: Final = 5
"""How often we try to take an order's lock. Each failed try means that another request has taken it meanwhile."""

MAX_ATTEMPTS: Final = 100
"""Payments for one order, each with a key of its own. The order's lock lists them all, in about 3 KB. A shopper needs a
few; more come from a program that tries cards, or makes up a key for each repetition."""


class OrderTaken(NothingSent):
    """The order has a payment that succeeded, or may still succeed. `payment`: that payment."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(f"the order has payment {payment.id}, which is {payment.status}")
        self.payment = payment


class OrderExhausted(NothingSent):
    """The order has had MAX_ATTEMPTS payments, and accepts no other. `payment`: the last one."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(f"the order has had {payment.attempt} payments, the last one {payment.id}")
        self.payment = payment


def claim(
    payment: Payment,
    ledger: ClaimLedger,
    left_after: timedelta | None,
    telemetry: Telemetry,
    *,
    refund_if_paid: bool,
    query: Query,
) -> tuple[Payment, Payment | None]:
    """The claimed payment, and the payment that was already recorded under its id, if any.

    `left_after`: how long a redirect may take; after it the shopper counts as gone. None: never. `query`: asks the
    gateway about each payment that waits for its shopper, before it gives its order away. `refund_if_paid`: see
    `superseded`. Raises OrderTaken and OrderExhausted.
    """
    lock: OrderLock | None = None
    left: Payment | None = None
    for _ in range(LOCK_TRIES):
        candidate = replace(payment, attempt=len(lock.attempts) + 1 if lock else 1)
        superseding = _superseding(left, payment, refund_if_paid=refund_if_paid) if left else None
        try:
            earlier = ledger.claim(candidate, lock, superseding)
        except OrderMoved:
            lock, attempts = _lock_and_attempts(payment, ledger)
            if lock is not None and lock.attempts[-1] == payment.id:
                # The same request, a moment earlier: its payment is recorded, or was released just now.
                if payment.id in attempts:
                    return payment, attempts[payment.id]
                lock, attempts = _lock_and_attempts(payment, ledger)
            now = {each.id: _as_it_is_now(each, payment.created_at, left_after, query) for each in attempts.values()}
            holder = _holder(lock, now)
            left = holder if holder is not None and is_left(holder, payment.created_at, left_after) else None
            _check_free([each for each in now.values() if each.id != payment.id and each is not left], holder)
            # The claim requires as many attempts as the lock had here, so two requests at once cannot pass the limit.
            if lock is not None and holder is not None and len(lock.attempts) >= MAX_ATTEMPTS:
                raise OrderExhausted(holder) from None
            continue
        if superseding is not None and earlier is None:
            note_entries(superseding.before, superseding.after, telemetry)
        return candidate, earlier
    raise OrderTaken(_holder(*_lock_and_attempts(payment, ledger)) or payment)


def _as_it_is_now(attempt: Payment, at: datetime, left_after: timedelta | None, query: Query) -> Payment:
    """An attempt at the order, after a status query if it waits for its shopper and would give its order away.

    Raises OrderTaken if the gateway does not say that it waits: an order is not given away on a guess.
    """
    is_given_up = attempt.superseded_at is not None and waits_for_shopper(attempt)
    if not is_given_up and not is_left(attempt, at, left_after):
        return attempt
    asked = query(attempt)
    if asked is None or asked.is_unclear:
        raise OrderTaken(attempt) from None
    return asked.payment


def _superseding(left: Payment, by: Payment, *, refund_if_paid: bool) -> Superseding:
    marked = superseded(left, by.id, by.created_at, refund_if_paid=refund_if_paid)
    return Superseding(left, requested_by(by.history[0].principal, left, marked))


def _check_free(attempts: Sequence[Payment], holder: Payment | None) -> None:
    """Raises OrderTaken if money of one of the attempts has moved and stays, or may move unasked.

    For an earlier attempt than the last one this is read, and no condition of the claim: a success that is recorded in
    the milliseconds between is a late one.
    """
    for each in attempts:
        if not frees_the_order(each) and (each is holder or not goes_back(each)):
            raise OrderTaken(each) from None


def _lock_and_attempts(payment: Payment, ledger: ClaimLedger) -> tuple[OrderLock | None, Mapping[str, Payment]]:
    """The lock of the payment's order, and the payments that it lists, by id."""
    lock = ledger.order(payment.order_id, live=payment.live) if payment.order_id else None
    return lock, ledger.several(lock.attempts) if lock else {}


def _holder(lock: OrderLock | None, attempts: Mapping[str, Payment]) -> Payment | None:
    """The payment that was the order's last attempt when the lock was read."""
    return attempts.get(lock.attempts[-1]) if lock else None
