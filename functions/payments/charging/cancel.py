"""Cancels a payment that waits for its shopper: its order is free for another payment at once.

The gateway has no void, so it is only asked: the shopper may have paid already. On the open page the shopper may still
pay, and then the success is recorded.

NothingSent
└── NotCancellable    the payment does not wait for its shopper
"""

from collections.abc import Callable
from typing import Final

from payments.charging.left_payment import Asked
from payments.errors import GatewayUnreachable, NothingSent
from payments.model.payment import Payment
from payments.model.supersession import superseded, waits_for_shopper
from payments.outcome.record import update
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry

ASK_TRIES: Final = 2
"""Queries for one cancellation. The second one follows when the payment was written to after the first."""


class NotCancellable(NothingSent):
    """The payment does not wait for its shopper. `payment`: the payment as it stands.

    `is_of_other_mode`: it may wait, but this gateway (test or live) does not know it.
    """

    def __init__(self, payment: Payment, *, is_of_other_mode: bool = False) -> None:
        super().__init__(f"payment {payment.id}, which is {payment.status}, cannot be cancelled")
        self.payment = payment
        self.is_of_other_mode = is_of_other_mode


class _WrittenMeanwhile(Exception):
    def __init__(self, current: Payment) -> None:
        super().__init__()
        self.current = current


def cancel(
    payment: Payment,
    principal: str | None,
    query: Callable[[Payment], Asked | None],
    ledger: OutcomeLedger,
    clock: Clock,
    telemetry: Telemetry,
    *,
    live: bool,
    refund_if_paid: bool,
) -> Payment:
    """The payment, marked as superseded in one conditional write. A payment that is superseded already is unchanged.

    `principal`: the AWS principal that made the request. `query`: the payment after a status query, or None if the
    gateway does not answer. `live`: the gateway's mode. `refund_if_paid`: see `superseded`.

    The mark is made only if nothing was written to the payment since the gateway was asked. Raises NotCancellable, and
    GatewayUnreachable if the gateway does not say how the payment stands: then nothing is marked.
    """
    telemetry.about(payment.id, payment.order_id, payment.transaction_id)
    for _ in range(ASK_TRIES):
        if payment.superseded_at is not None:
            return payment
        if waits_for_shopper(payment) and payment.live != live:
            raise NotCancellable(payment, is_of_other_mode=True)
        asked = _asked(payment, query)

        def mark(current: Payment, seen: Payment = asked) -> Payment:
            if current.revision != seen.revision:
                raise _WrittenMeanwhile(current)
            return superseded(current, None, clock(), refund_if_paid=refund_if_paid)

        try:
            return update(asked, mark, ledger, telemetry, principal)
        except _WrittenMeanwhile as written:
            payment = written.current
    raise GatewayUnreachable("the payment changes while the gateway is asked: it is not cancelled")


def _asked(payment: Payment, query: Callable[[Payment], Asked | None]) -> Payment:
    """The payment, of which the gateway says that it waits for its shopper. Raises NotCancellable."""
    if not waits_for_shopper(payment):
        raise NotCancellable(payment)
    asked = query(payment)
    if asked is None:
        raise GatewayUnreachable("the gateway does not say whether the payment is paid: it is not cancelled")
    if asked.is_unclear or not waits_for_shopper(asked.payment):
        raise NotCancellable(asked.payment)
    return asked.payment
