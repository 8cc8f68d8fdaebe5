"""Cancels a payment that waits on the gateway's page: its order is free for another payment at once.

The gateway has no void, so nothing is sent: the shopper may still pay on the open page, and then the success is
recorded.

NothingSent
└── NotCancellable    the payment is not on the gateway's page
"""

from payments.errors import NothingSent
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import superseded
from payments.outcome.record import update
from payments.ports.ledger import OutcomeLedger
from payments.ports.runtime import Clock, Telemetry


class NotCancellable(NothingSent):
    """The payment is not on the gateway's page. `payment`: the payment as it stands."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(f"payment {payment.id}, which is {payment.status}, cannot be cancelled")
        self.payment = payment


def cancel(
    payment: Payment,
    principal: str | None,
    ledger: OutcomeLedger,
    clock: Clock,
    telemetry: Telemetry,
    *,
    refund_if_paid: bool,
) -> Payment:
    """The payment, marked as superseded in one conditional write. A payment that is superseded already is unchanged.

    `principal`: the AWS principal that made the request. `refund_if_paid`: see `superseded`. Raises
    NotCancellable, also when a verdict is written first.
    """

    def change(current: Payment) -> Payment:
        if current.superseded_at is not None:
            return current
        if current.status is not Status.REQUIRES_ACTION:
            raise NotCancellable(current)
        return superseded(current, None, clock(), refund_if_paid=refund_if_paid)

    telemetry.about(payment.id, payment.order_id, payment.transaction_id)
    return update(payment, change, ledger, telemetry, principal)
