"""The state machine of late successes with the policy `refund`: shoppers pay superseded payments, at any step."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from payments.model.payment import Payment
from payments.model.status import Status
from tests.proof import refund_promises
from tests.proof.gateway_model import Charge
from tests.proof.machine import ChargeMachine, recent, steps
from tests.proof.refund_model import RefundPlan
from tests.proof.refund_rules import refund_plans
from tests.proof.shop_requests import ShopRefund
from tests.proof.system_under_test import SystemUnderTest

CALLS_A_PERSON = {"refund_refused", "gateway_credentials", "already_charged_back", "never_arrived"}
"""Failures of a refund after which no other is sent; each is an event and an alarm."""


class LateRefundMachine(ChargeMachine):
    """Shops charge, cancel and refund; a superseded payment that is paid is refunded by the follow-up."""

    @initialize(confirm=st.booleans(), left_after=st.sampled_from([None, timedelta(minutes=4)]))
    def start(self, confirm: bool, left_after: timedelta | None) -> None:  # noqa: FBT001
        self.system = SystemUnderTest(confirm=confirm, left_after=left_after, refunds_superseded=True)

    @rule(plan=refund_plans)
    def the_next_late_refunds_end_so(self, plan: RefundPlan) -> None:
        self.system.gateway.refund_plan = plan

    @precondition(lambda self: self._superseded)
    @rule(nth=recent, delivers=st.booleans())
    def the_shopper_pays_a_superseded_payment(self, nth: int, delivers: bool) -> None:  # noqa: FBT001
        charge = self._superseded[-1 - nth % len(self._superseded)]
        self.system.gateway.decide(charge, "SUCCESS", self.system.elapsed)
        if delivers:
            self.system.advance(self.system.webhook(*self.system.gateway.webhooks[-1]))

    @precondition(lambda self: self.system.gateway.paid)
    @rule(nth=recent, plan=refund_plans, steps=steps)
    def a_shop_refunds(self, nth: int, plan: RefundPlan, steps: int | None) -> None:
        paid = self.system.gateway.paid
        refund = ShopRefund(paid[-1 - nth % len(paid)].payment_id, "shop", f"refund-{len(self.system.refunds)}")
        self.system.advance(self.system.refund(refund, plan, loses_answer=False), steps)

    @property
    def _superseded(self) -> list[Charge]:
        return [charge for charge in self.system.gateway.undecided if self._payment(charge).superseded_at is not None]

    def _payment(self, charge: Charge) -> Payment:
        payment = self.system.ledger.get(charge.payment_id)
        assert payment is not None
        return payment

    @invariant()
    def no_late_success_is_refunded_twice(self) -> None:
        """And nothing else is refunded that no shop has asked to refund."""
        refund_promises.at_every_moment(self.system)
        asked = {refund.payment_id for refund in self.system.refunds}
        for charge in self.system.gateway.paid:
            if charge.reversals.posts and charge.payment_id not in asked:
                assert self._payment(charge).superseded_at is not None
                assert len(charge.reversals.posts) == 1, "sent again by itself"

    def teardown(self) -> None:
        """In the end the shopper is charged once for an order, or a person has the payment: in review, or refused."""
        if not hasattr(self, "system"):
            return
        self.system.gateway.refund_plan = RefundPlan()
        super().teardown()
        refund_promises.our_refunds_are_recorded(self.system)
        for charge in self.system.gateway.paid:
            payment = self._payment(charge)
            if payment.superseded_at is None or payment.status is Status.NEEDS_REVIEW:
                continue
            failure = payment.refund_attempt.failure if payment.refund_attempt else None
            calls_a_person = (
                payment.refund.status == "failed" and failure is not None and failure.code in CALLS_A_PERSON
            )
            assert charge.reversals.refunds or calls_a_person or self.system.awaits_gateway(payment), "charged twice"
