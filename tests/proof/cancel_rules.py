"""Cancellations in the state machine: a shop cancels any of its payments, at any step of any other process."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from payments.model.payment import Payment
from tests.fakes import samples
from tests.proof.processes import Paused, Process
from tests.proof.system_under_test import REQUEST_SECONDS, SystemUnderTest

steps = st.sampled_from([None] * 7 + [*range(1, 8)])
recent = st.sampled_from([0, 0, 0, 1, 1, 2, 5])


def cancel(system: SystemUnderTest, payment_id: str) -> Process:
    """Starts a shop's request to cancel a payment."""

    def work(process: Process) -> Payment | None:
        ledger = Paused(system.ledger, process)
        payment = ledger.get(payment_id)
        return payment and system.charging(ledger, system.gateway, live=system.live).cancel(payment, samples.CALLER)

    return system._start(f"cancel {payment_id}", REQUEST_SECONDS, work)


class CancelRules:
    """Rules that a state machine of charges inherits."""

    system: SystemUnderTest

    @precondition(lambda self: self.system.ledger.payments())
    @rule(nth=recent, steps=steps)
    def a_shop_cancels(self, nth: int, steps: int | None) -> None:
        payments = self.system.ledger.payments()
        self.system.advance(cancel(self.system, payments[-1 - nth % len(payments)].id), steps)
