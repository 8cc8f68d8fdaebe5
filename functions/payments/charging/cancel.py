"""Cancels a payment that waits for its shopper: its order is free for another payment at once.

The gateway has no void, so it is only asked: the shopper may have paid already. On the open page the shopper may still
pay, and then the success is recorded.

NothingSent
└── NotCancellable    the payment does not wait for its shopper
"""

from collections.abc import Callable

from payments.errors import GatewayUnreachable, NothingSent
from payments.model.payment import Payment
from payments.model.supersession import superseded, waits_for_shopper
from payments.outcome.record import update
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry


class NotCancellable(NothingSent):
    """The payment does not wait for its shopper. `payment`: the payment as it stands."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(f"payment {payment.id}, which is {payment.status}, cannot be cancelled")
        self.payment = payment


def cancel(
    payment: Payment,
    principal: str | None,
    query: Callable[[Payment], Payment | None] | None,
    ledger: OutcomeLedger,
    clock: Clock,
    telemetry: Telemetry,
    *,
    refund_if_paid: bool,
) -> Payment:
    """The payment, marked as superseded in one conditional write. A payment that is superseded already is unchanged.

    `principal`: the AWS principal that made the request. `query`: the payment after a status query, or None if the
    gateway does not answer; without it the gateway is not asked. `refund_if_paid`: see `superseded`.

    Raises NotCancellable, also when a verdict is written first, and GatewayUnreachable: then nothing is marked.
    """

    def change(current: Payment) -> Payment:
        if current.superseded_at is not None:
            return current
        if not waits_for_shopper(current):
            raise NotCancellable(current)
        return superseded(current, None, clock(), refund_if_paid=refund_if_paid)

    telemetry.about(payment.id, payment.order_id, payment.transaction_id)
    asked: Payment | None = payment
    if query is not None and payment.superseded_at is None and waits_for_shopper(payment):
        asked = query(payment)
    if asked is None:
        raise GatewayUnreachable("the gateway does not say whether the payment is paid: it is not cancelled")
    return update(asked, change, ledger, telemetry, principal)
