"""The state machine of refunds: there are paid charges, and anybody refunds them or charges them back."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.proof import refund_promises
from tests.proof.gateway_model import ChargePlan
from tests.proof.machine import charge_plans
from tests.proof.refund_rules import RefundRules, mostly
from tests.proof.shop_requests import ShopCharge
from tests.proof.system_under_test import SystemUnderTest


class RefundMachine(RefundRules):
    """There are payments; shops refund them, and others refund them elsewhere or charge them back."""

    @initialize(
        confirm=st.booleans(),
        plans=st.lists(charge_plans, min_size=1, max_size=2),
        answered=mostly,
        come=st.booleans(),
    )
    def start(self, confirm: bool, plans: list[ChargePlan], answered: bool, come: bool) -> None:  # noqa: FBT001
        """Paid charges. Without an answer, only the gateway knows for a while that they are paid.

        `come`: whether webhooks come in the end.
        """
        self.system = SystemUnderTest(confirm=confirm)
        self.system.webhooks_come = come
        for nth, plan in enumerate(plans):
            paid = replace(plan, raw_status="SUCCESS", result="answered" if answered else "lost", amount_factor=1)
            self._charge(ShopCharge("shop", f"key-{nth}", f"order-{nth}"), paid, None)

    def teardown(self) -> None:
        """Our own refunds are recorded in the end without a refresh; the reversals by others with one."""
        super().teardown()
        if hasattr(self, "system"):
            refund_promises.our_refunds_are_recorded(self.system)
            self.system.refresh_all()
            refund_promises.all_reversals_are_recorded(self.system)
