"""The rules of decisions: people decide reviews and doubtful refunds, while anything else goes on."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proof.machine import HOUR, MINUTE, recent, steps
from tests.proof.operated_system import OperatedSystem
from tests.proof.refund_model import RefundPlan
from tests.proof.refund_rules import RefundRules, refund_plans


class DecisionRules(RefundRules):
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

    @precondition(lambda self: self.system.gateway.paid)
    @rule(nth=recent, plan=refund_plans, pause=st.integers(1, 15), wait=st.sampled_from([0.0, 15.0, 3 * MINUTE, HOUR]))
    def a_refund_is_decided_while_it_is_made(self, nth: int, plan: RefundPlan, pause: int, wait: float) -> None:
        """A request pauses at any step, a person decides on it some time later, then the request goes on."""
        refund = self._new_refund(paid=True, nth=nth)
        request = self.system.refund(refund, plan, loses_answer=False)
        self.system.advance(request, pause)
        self.system.pass_time(wait)
        payment = self.system.ledger.get(refund.payment_id)
        to = self.system.decision_on(payment) if payment is not None and payment.awaits_refund else None
        if payment is not None and to is not None:
            self.system.advance(self.system.decide(payment, to))
        if not request.is_finished:
            self.system.advance(request)
