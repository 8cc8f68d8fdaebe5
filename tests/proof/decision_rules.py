"""The rules of decisions: people decide reviews and doubtful refunds, while anything else goes on."""

from hypothesis.stateful import precondition, rule

from tests.proof.machine import PaymentMachine, recent, steps
from tests.proof.operated_system import OperatedSystem


class DecisionRules(PaymentMachine):
    """A person reads the gateway's back office and decides."""

    system: OperatedSystem

    @precondition(lambda self: self.system.undecided)
    @rule(nth=recent, steps=steps)
    def a_person_decides(self, nth: int, steps: int | None) -> None:
        undecided = self.system.undecided
        payment = undecided[-1 - nth % len(undecided)]
        to = self.system.decision_on(payment)
        if to is not None:
            self.system.advance(self.system.decide(payment, to), steps)

    @precondition(lambda self: self.system.undecided)
    @rule(nth=recent, pause=steps)
    def a_webhook_overtakes_a_decision(self, nth: int, pause: int | None) -> None:
        """The person has read; then all webhooks of the payment arrive; then the person writes."""
        undecided = self.system.undecided
        payment = undecided[-1 - nth % len(undecided)]
        to = self.system.decision_on(payment)
        if to is None:
            return
        decision = self.system.decide(payment, to)
        self.system.advance(decision, 2)
        for charge in self.system.gateway.undecided:
            if charge.payment_id == payment.id:
                self.system.gateway.decide(charge, "SUCCESS", self.system.elapsed)
        for payment_id, transaction in list(self.system.gateway.webhooks):
            if payment_id == payment.id:
                self.system.advance(self.system.webhook(payment_id, transaction))
        if not decision.is_finished:
            self.system.advance(decision, pause)
