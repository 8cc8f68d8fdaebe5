"""The rules of refunds: anybody refunds or charges back, at any step of any process."""

from collections.abc import Callable
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from tests.proof import refund_promises
from tests.proof.gateway_model import Charge
from tests.proof.machine import MINUTE, PaymentMachine, recent, steps
from tests.proof.refund_model import SHOWN_AS, RefundPlan, RefundResult, ShownAs
from tests.proof.shop_requests import ShopRefund

VARIATIONS: dict[str, Callable[[ShopRefund, int], ShopRefund]] = {
    "the same": lambda refund, nth: refund,
    "under another key": lambda refund, nth: replace(refund, key=f"refund-{nth}"),
    "for another reason under the same key": lambda refund, nth: replace(refund, reason="changed my mind"),
    "another caller's under the same key": lambda refund, nth: replace(refund, caller="other"),
}
RESULTS: list[RefundResult] = [
    *("answered", "answered", "lost", "lost", "vague", "late", "vanished", "not sent"),
    *("refused", "credentials refused", "already", "denied", "declined"),
]

MOSTLY_PLAINLY: list[ShownAs] = ["plainly", "plainly", "plainly", *SHOWN_AS]

refund_plans = st.builds(
    RefundPlan,
    st.sampled_from(RESULTS),
    arrives_after=st.sampled_from([1.0, 5 * MINUTE, 20 * MINUTE]),
    shown_after=st.sampled_from([0.0, 0.0, 10 * MINUTE, 35 * MINUTE, 35 * MINUTE]),
    shown_as=st.sampled_from(MOSTLY_PLAINLY),
)
mostly = st.sampled_from([True, True, True, False])


class RefundRules(PaymentMachine):
    """Shops refund payments, and others refund them elsewhere or charge them back, at once or long after."""

    # ---------------------------------------------------------------- calls

    @precondition(lambda self: self.system.answers)
    @rule(paid=mostly, nth=recent, plan=refund_plans, loses=st.booleans(), steps=steps)
    def a_shop_refunds(self, paid: bool, nth: int, plan: RefundPlan, loses: bool, steps: int | None) -> None:  # noqa: FBT001
        """`loses`: the answer to the first write is lost."""
        refund = self._new_refund(paid=paid, nth=nth)
        self.system.advance(self.system.refund(refund, plan, loses_answer=loses), steps)

    @precondition(lambda self: self.system.refunds)
    @rule(nth=recent, variation=st.sampled_from(list(VARIATIONS)), plan=refund_plans, loses=st.booleans(), steps=steps)
    def a_shop_refunds_again(
        self,
        nth: int,
        variation: str,
        plan: RefundPlan,
        loses: bool,  # noqa: FBT001
        steps: int | None,
    ) -> None:
        earlier = self.system.refunds[-1 - nth % len(self.system.refunds)]
        refund = VARIATIONS[variation](earlier, len(self.system.refunds))
        self.system.advance(self.system.refund(refund, plan, loses_answer=loses), steps)

    @precondition(lambda self: self.system.answers)
    @rule(
        nth=recent,
        variation=st.sampled_from(list(VARIATIONS)),
        plan=refund_plans,
        other_plan=refund_plans,
        pause=st.integers(1, 8),
        steps=steps,
    )
    def two_shops_refund_at_once(
        self, nth: int, variation: str, plan: RefundPlan, other_plan: RefundPlan, pause: int, steps: int | None
    ) -> None:
        """The first process pauses, the second one runs, then the first one continues."""
        refund = self._new_refund(paid=True, nth=nth)
        first = self.system.refund(refund, plan, loses_answer=False)
        self.system.advance(first, pause)
        other = VARIATIONS[variation](refund, len(self.system.refunds))
        self.system.advance(self.system.refund(other, other_plan, loses_answer=False), steps)
        if not first.is_finished:
            self.system.advance(first)

    def _new_refund(self, *, paid: bool, nth: int) -> ShopRefund:
        """Of one of the paid payments, or of any answered one."""
        ids = [charge.payment_id for charge in self.system.gateway.paid] if paid else []
        ids = ids or [payment.id for _, payment in self.system.answers]
        return ShopRefund(ids[-1 - nth % len(ids)], "shop", f"refund-{len(self.system.refunds)}")

    # --------------------------------------------------------------- others

    @precondition(lambda self: self._not_reversed)
    @rule(nth=recent, plan=refund_plans, refunds=st.booleans(), delivers=st.booleans())
    def somebody_else_reverses_a_charge(self, nth: int, plan: RefundPlan, refunds: bool, delivers: bool) -> None:  # noqa: FBT001
        """The shop refunds in the gateway's dashboard, or the issuer charges back. `delivers`: with a webhook."""
        gateway, charge = self.system.gateway, self._not_reversed[-1 - nth % len(self._not_reversed)]
        (gateway.refund_in_dashboard if refunds else gateway.charge_back)(charge, plan)
        if delivers:
            self.system.advance(self.system.webhook(*gateway.webhooks[-1]))

    @precondition(lambda self: self.system.gateway.paid)
    @rule(nth=recent, suspicious=mostly)
    def a_payment_becomes_suspicious_or_is_cleared(self, nth: int, suspicious: bool) -> None:  # noqa: FBT001
        charge = self.system.gateway.paid[-1 - nth % len(self.system.gateway.paid)]
        (self.system.mark_suspicious if suspicious else self.system.clear_suspicion)(charge)

    @property
    def _not_reversed(self) -> list[Charge]:
        return [charge for charge in self.system.gateway.paid if not charge.reversals.is_any]

    # ------------------------------------------------------------- promises

    @invariant()
    def no_refund_is_made_twice(self) -> None:
        refund_promises.at_every_moment(self.system)
