"""Superseded payments, and shoppers who pay on the page all the same."""

from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.gateway import Answers
from tests.payments.assembled import PaymentSystem


def left(system: PaymentSystem) -> Payment:
    """A payment on the gateway's page."""
    payment = system.charge().payment
    assert payment.status is Status.REQUIRES_ACTION
    return payment


def cancelled(system: PaymentSystem) -> Payment:
    """A payment on the gateway's page that its shop has cancelled."""
    return system.charging.cancel(left(system), samples.CALLER)


def taken_over(system: PaymentSystem) -> Payment:
    """A payment on the gateway's page with an order that another payment has taken over."""
    payment = left(system)
    system.clock.forward(hours=2)
    system.gateway.script_charges(Answers("SUCCESS"))
    system.charge(samples.charge_request(idempotency_key="another-key"))
    return system.reload(payment)


def pays(system: PaymentSystem, payment: Payment) -> None:
    """The shopper pays on the page of a superseded payment, and the next query finds it."""
    system.gateway.charges_of(payment.wire_order_id)[0].raw_status = "SUCCESS"
    system.follow_up_until(lambda: system.reload(payment).status is Status.SUCCEEDED)


def refunded(system: PaymentSystem, payment: Payment) -> bool:
    """Whether the payment is refunded in the table."""
    return system.reload(payment).refund.status == "refunded"
