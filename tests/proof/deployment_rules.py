"""The rules of a deployment: keys are rotated, the stack changes its mode, and shops go on in an outage."""

from dataclasses import replace
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proof.gateway_model import ChargePlan, Outage
from tests.proof.machine import MINUTE, PaymentMachine, charge_plans, steps
from tests.proof.operated_system import OperatedSystem
from tests.proof.reached import reached
from tests.proof.shop_requests import ShopCharge

CHANGES: Final = ["a new secret key", "a new encryption key", "the other mode", *["nothing but the secret"] * 3]


class DeploymentRules(PaymentMachine):
    """Everything below the use cases is real here: the client, its keys and its circuit breaker."""

    system: OperatedSystem

    @rule(change=st.sampled_from(CHANGES), stored=st.sampled_from([True, True, False]))
    def the_deployment_changes(self, change: str, stored: bool) -> None:  # noqa: FBT001
        """The gateway refuses old keys at once. `stored`: the keys are filled in at once, and not some time later."""
        reached(f"a change: {change}")
        if change == "the other mode":
            self.system.switch_mode()
        elif change != "nothing but the secret":
            self.system.keys.rotate(secret_key=change == "a new secret key")
        if stored or change == "nothing but the secret":
            self.system.keys.store(live=self.system.live)

    @rule(
        outage=st.sampled_from(["unreachable", "silent", "silent", "busy"]),
        waits=st.lists(st.sampled_from([0.5, 2.0, 5.0, 20.0]), min_size=4, max_size=8),
    )
    def shops_charge_in_an_outage(self, outage: Outage, waits: list[float]) -> None:
        """One charge after the other, so that one environment meets all failures."""
        before, self.system.gateway.outage = self.system.gateway.outage, outage
        for wait in waits:
            self._charge(self._new_charge(), ChargePlan(), None)
            self.system.pass_time(wait)
        self.system.gateway.outage = before

    @precondition(lambda self: self.system.keys.live == self.system.live)
    @rule(secret_key=st.booleans(), stored=st.booleans(), plan=charge_plans, steps=steps)
    def shops_charge_while_the_keys_are_rotated(
        self,
        secret_key: bool,  # noqa: FBT001
        stored: bool,  # noqa: FBT001
        plan: ChargePlan,
        steps: int | None,
    ) -> None:
        """One charge with the old keys, one with cached keys right after the rotation, and one a minute later."""
        self._charge(self._new_charge(), ChargePlan(), None)
        self.system.keys.rotate(secret_key=secret_key)
        if stored:
            self.system.keys.store(live=self.system.live)
        self._charge(self._new_charge(), plan, steps)
        self.system.pass_time(MINUTE)
        self._charge(self._new_charge(), plan, None)

    @rule(plan=charge_plans, steps=steps)
    def a_proxy_refuses_the_keys_of_a_charge(self, plan: ChargePlan, steps: int | None) -> None:
        """A charge that the gateway has made, and an answer of a proxy in its place."""
        self._charge(self._new_charge(), replace(plan, result="answered", proxied=True), steps)

    def _new_charge(self) -> ShopCharge:
        nth = len(self.system.charges)
        return ShopCharge("shop", f"key-{nth}", f"order-{nth}")
