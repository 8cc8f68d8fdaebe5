"""Claims a payment: records it and takes the lock of its order, so that an order has at most one payment in flight.

NothingSent
└── OrderTaken    the order is paid, or a payment for it is in flight
"""

from dataclasses import replace
from typing import Final

from payments.errors import NothingSent
from payments.model.payment import Payment
from payments.ports.ledger import ClaimLedger, OrderLock, OrderMoved

LOCK_TRIES: Final = 5
"""How often we try to take an order's lock. Each failed try means that another request has taken it meanwhile."""


class OrderTaken(NothingSent):
    """The order has a payment that succeeded, or may still succeed. `payment`: that payment."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(f"the order has payment {payment.id}, which is {payment.status}")
        self.payment = payment


def claim(payment: Payment, ledger: ClaimLedger) -> tuple[Payment, Payment | None]:
    """The claimed payment, and the payment that was already recorded under its id, if any. Raises OrderTaken."""
    lock: OrderLock | None = None
    for _ in range(LOCK_TRIES):
        candidate = replace(payment, attempt=len(lock.attempts) + 1 if lock else 1)
        try:
            return candidate, ledger.claim(candidate, lock)
        except OrderMoved:
            lock = _next_attempt(payment, ledger)
            if lock is not None and lock.attempts[-1] == payment.id:
                # The same request, a moment earlier: its payment is recorded, or was released just now.
                if (earlier := ledger.get(payment.id)) is not None:
                    return payment, earlier
                lock = _order(payment, ledger)
    raise OrderTaken(_holder(payment, ledger) or payment)


def _next_attempt(payment: Payment, ledger: ClaimLedger) -> OrderLock | None:
    """The order's lock when another payment is allowed. Raises OrderTaken when it is not."""
    holder = _holder(payment, ledger)
    if holder is not None and holder.id != payment.id and not holder.frees_the_order:
        raise OrderTaken(holder)
    return _order(payment, ledger)


def _holder(payment: Payment, ledger: ClaimLedger) -> Payment | None:
    lock = _order(payment, ledger)
    return ledger.get(lock.attempts[-1]) if lock else None


def _order(payment: Payment, ledger: ClaimLedger) -> OrderLock | None:
    return ledger.order(payment.order_id, live=payment.live) if payment.order_id else None
