"""The state machines of operations: shops, shoppers, the gateway and the people who run the service, all at once."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.proof import promises, reconciliation_promises, refund_promises
from tests.proof.decision_rules import DecisionRules
from tests.proof.deployment_rules import DeploymentRules
from tests.proof.gateway_model import ChargePlan
from tests.proof.machine import MINUTE, ChargeRules, charge_plans
from tests.proof.operated_system import OperatedSystem
from tests.proof.reconciliation_rules import ReconciliationRules
from tests.proof.shop_requests import ShopCharge

first_plans = st.lists(
    st.builds(
        lambda plan, result, factor: replace(plan, result=result, amount_factor=factor),
        charge_plans,
        st.sampled_from(["answered", "answered", "lost"]),
        st.sampled_from([1, 1, 100]),
    ),
    min_size=1,
    max_size=3,
)
"""The gateway takes another amount in a third of them."""


class OperationsMachine(DecisionRules, ReconciliationRules, ChargeRules):
    """Charges, refunds and chargebacks, decisions, and reconciliations."""

    system: OperatedSystem

    @initialize(
        confirm=st.booleans(), come=st.booleans(), plans=first_plans, lag=st.sampled_from([0.0, 0.0, 10 * MINUTE])
    )
    def start(self, confirm: bool, come: bool, plans: list[ChargePlan], lag: float) -> None:  # noqa: FBT001
        """There are some charges, and many of them go to a person.

        `come`: whether webhooks come in the end. `lag`: how far the gateway's list is behind.
        """
        self.system = OperatedSystem(confirm=confirm, list_lag=lag)
        self.system.webhooks_come = come
        for nth, plan in enumerate(plans):
            self._charge(ShopCharge("shop", f"key-{nth}", f"order-{nth}"), plan, None)

    def teardown(self) -> None:
        """As for charges and refunds. Then one reconciliation finds the rest, without a webhook or a refresh."""
        super().teardown()
        if hasattr(self, "system"):
            refund_promises.our_refunds_are_recorded(self.system)
            self.system.reconcile_to_the_end()
            reconciliation_promises.everything_is_recorded(self.system)
            promises.in_the_end(self.system, {payment.id: payment for payment in self.system.ledger.payments()})
            refund_promises.all_reversals_are_recorded(self.system)


class DeploymentMachine(DeploymentRules, OperationsMachine):
    """The same while keys are rotated, the mode is switched, and outages open circuits."""

    system: OperatedSystem
