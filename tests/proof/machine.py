"""The state machine of charges: any event, in any order, at any step of any process."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.proof import liveness, promises
from tests.proof.cancel_rules import CancelRules
from tests.proof.gateway_model import FINAL, WITH_WEBHOOK, ChargePlan, ChargeResult, Outage
from tests.proof.shop_requests import ShopCharge
from tests.proof.system_under_test import SystemUnderTest

VARIATIONS: dict[str, Callable[[ShopCharge], ShopCharge]] = {
    "the same": lambda charge: charge,
    "another request under the same key": lambda charge: replace(charge, amount=charge.amount + 100),
    "another caller's under the same key": lambda charge: replace(charge, caller="other"),
}
RAW_STATUSES = ["SUCCESS", "REDIRECT", "REDIRECT", "REDIRECT", "FAILED", "BLOCKED", "PENDING", "INIT", "A NEW WORD"]
RESULTS: list[ChargeResult] = [
    *("answered", "answered", "answered", "lost", "lost", "lost"),
    *("late", "vanished", "not sent", "refused", "credentials refused"),
]
OUTAGES: list[Outage] = [None, None, None, None, "unreachable", "silent"]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0

charge_plans = st.builds(
    ChargePlan,
    st.sampled_from(RAW_STATUSES),
    st.sampled_from(RESULTS),
    arrives_after=st.sampled_from([1.0, 5 * MINUTE, 20 * MINUTE]),
    hidden_for=st.sampled_from([0.0, 0.0, 5 * MINUTE, 35 * MINUTE, 35 * MINUTE]),
    stale_by=st.sampled_from([0.0, 10 * MINUTE]),
    next_status=st.sampled_from([None, "SUCCESS", "SUCCESS", "SUCCESS", "FAILED", "ABANDONED"]),
    next_after=st.sampled_from([2.0, 2 * MINUTE, 10 * MINUTE]),
    amount_factor=st.sampled_from([1] * 9 + [100]),
)
steps = st.sampled_from([None] * 15 + [*range(1, 16)])
"""How far a process runs. Half of the processes run to their end; the others pause at any step."""

recent = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5, 9])
"""An index from the end of a list: most races are with something that has only just happened."""


class PaymentMachine(RuleBasedStateMachine):
    """The events that are common to charges and refunds. Each rule is one event; `steps` pauses its process."""

    system: SystemUnderTest

    # ---------------------------------------------------------------- calls

    @precondition(lambda self: self.system.gateway.webhooks)
    @rule(nth=recent, again=st.booleans(), steps=steps)
    def the_gateway_delivers_a_webhook(self, nth: int, again: bool, steps: int | None) -> None:  # noqa: FBT001
        """Webhooks arrive in any order, once or more often. One that is never chosen is lost."""
        webhooks = self.system.gateway.webhooks
        payment_id, transaction = webhooks[-1 - nth % len(webhooks)]
        if not again:
            webhooks.remove((payment_id, transaction))
        self.system.advance(self.system.webhook(payment_id, transaction), steps)

    @rule(steps=steps)
    def a_run_of_the_follow_up_starts(self, steps: int | None) -> None:
        self.system.advance(self.system.follow_up(), steps)

    @precondition(lambda self: self.system.ledger.payments())
    @rule(batch=st.lists(recent, min_size=1, max_size=3), steps=steps)
    def the_relay_gets_a_batch(self, batch: list[int], steps: int | None) -> None:
        """Records of any payments: in time, late, repeated, or of payments that were not left to the relay."""
        payments = self.system.ledger.payments()
        self.system.advance(self.system.relay([payments[-1 - nth % len(payments)].id for nth in batch]), steps)

    @precondition(lambda self: self.system.answers)
    @rule(nth=recent, steps=steps)
    def a_caller_refreshes(self, nth: int, steps: int | None) -> None:
        _, payment = self.system.answers[-1 - nth % len(self.system.answers)]
        self.system.advance(self.system.refresh(payment.id), steps)

    # ------------------------------------------------------------ processes

    @precondition(lambda self: self.system.running)
    @rule(nth=recent, steps=steps)
    def a_process_continues(self, nth: int, steps: int | None) -> None:
        self.system.advance(self.system.running[-1 - nth % len(self.system.running)], steps)

    @precondition(lambda self: self.system.running)
    @rule(nth=recent)
    def a_process_is_killed(self, nth: int) -> None:
        self.system.kill(self.system.running[-1 - nth % len(self.system.running)])

    # ---------------------------------------------------------- environment

    @rule(runs=st.integers(1, 8), outage=st.sampled_from(OUTAGES))
    def the_follow_up_runs_on_schedule(self, runs: int, outage: Outage) -> None:
        """Each run when a payment is due, with or without an outage of the gateway."""
        before, self.system.gateway.outage = self.system.gateway.outage, outage
        self.system.run_on_schedule(runs)
        self.system.gateway.outage = before

    @rule(seconds=st.sampled_from([0.5, 5.0, 5.0, 15.0, 15.0, MINUTE, 5 * MINUTE, HOUR, 2 * DAY, None]))
    def time_passes(self, seconds: float | None) -> None:
        """None: until a payment is due."""
        self.system.pass_time((self.system.seconds_to_next_due() or MINUTE) if seconds is None else seconds)

    @rule(
        outage=st.sampled_from(OUTAGES),
        bus=st.sampled_from([None, None, 0, 1]),
        back=st.sampled_from([0.0, 0.001, 2.0]),
        hides=st.booleans(),
    )
    def the_environment_changes(self, outage: Outage, bus: int | None, back: float, hides: bool) -> None:  # noqa: FBT001
        """Gateway and bus fail and recover, the clock is set back a little, the status API hides known charges."""
        self.system.gateway.outage = outage
        self.system.bus.takes = bus
        self.system.set_clock_back(back)
        if hides:
            self.system.hide_known_charges()

    # ------------------------------------------------------------- promises

    @invariant()
    def no_charge_is_made_twice(self) -> None:
        promises.at_every_moment(self.system)

    def teardown(self) -> None:
        """After any sequence of events: once all faults are over, the follow-up finishes every payment, in time."""
        if not hasattr(self, "system"):
            return
        before = {payment.id: payment for payment in self.system.ledger.payments()}
        self.system.end_faults()
        self.system.deliver_webhooks()
        liveness.come_to_rest(self.system, between=self.system.deliver_webhooks)
        promises.in_the_end(self.system, before)

    def _charge(self, charge: ShopCharge, plan: ChargePlan, steps: int | None) -> None:
        self.system.advance(self.system.charge(charge, plan), steps)


class ChargeRules(CancelRules, PaymentMachine):
    """Shops charge, and shoppers complete the payment or do not."""

    @rule(has_order=st.booleans(), plan=charge_plans, steps=steps)
    def a_shop_charges(self, has_order: bool, plan: ChargePlan, steps: int | None) -> None:  # noqa: FBT001
        nth = len(self.system.charges)
        self._charge(ShopCharge("shop", f"key-{nth}", f"order-{nth}" if has_order else None), plan, steps)

    @precondition(lambda self: self.system.charges)
    @rule(nth=recent, variation=st.sampled_from(list(VARIATIONS)), plan=charge_plans, steps=steps)
    def a_shop_charges_with_a_used_key(self, nth: int, variation: str, plan: ChargePlan, steps: int | None) -> None:
        earlier = self.system.charges[-1 - nth % len(self.system.charges)]
        self._charge(VARIATIONS[variation](earlier), plan, steps)

    @precondition(lambda self: self._with_order)
    @rule(nth=recent, plan=charge_plans, steps=steps)
    def a_shop_charges_an_order_with_another_key(self, nth: int, plan: ChargePlan, steps: int | None) -> None:
        earlier = self._with_order[-1 - nth % len(self._with_order)]
        self._charge(replace(earlier, key=f"key-{len(self.system.charges)}"), plan, steps)

    @property
    def _with_order(self) -> list[ShopCharge]:
        return [charge for charge in self.system.charges if charge.order_id]

    @precondition(lambda self: self.system.gateway.undecided)
    @rule(nth=recent, raw_status=st.sampled_from(sorted(FINAL)), delivers=st.booleans())
    def the_shopper_decides(self, nth: int, raw_status: str, delivers: bool) -> None:  # noqa: FBT001
        """`delivers`: the webhook arrives at once, before any other process continues."""
        undecided = self.system.gateway.undecided
        self.system.gateway.decide(undecided[-1 - nth % len(undecided)], raw_status, self.system.elapsed)
        if delivers and raw_status in WITH_WEBHOOK:
            self.system.advance(self.system.webhook(*self.system.gateway.webhooks[-1]))


class ChargeMachine(ChargeRules):
    """Shops charge, and shoppers complete the payment or do not."""

    @initialize(confirm=st.booleans(), left_after=st.sampled_from([None, timedelta(minutes=4)]), come=st.booleans())
    def start(self, confirm: bool, left_after: timedelta | None, come: bool) -> None:  # noqa: FBT001 - Hypothesis names it
        """A new system for each example: with or without confirmation of webhooks, and orders that are given away.

        `come`: whether webhooks come in the end.
        """
        self.system = SystemUnderTest(confirm=confirm, left_after=left_after)
        self.system.webhooks_come = come
