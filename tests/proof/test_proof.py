"""The proof: at most one charge and one refund, nothing lost, events in order, no card data, whatever crashes when.

The fast profile runs with every `make test` and is always the same. `make prove` explores, and keeps its findings.
"""

import os
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.proof.late_refund_machine import LateRefundMachine
from tests.proof.machine import ChargeMachine
from tests.proof.operations_machine import DeploymentMachine, OperationsMachine
from tests.proof.reached import REACHED
from tests.proof.refund_machine import RefundMachine

FAST: Final = settings(max_examples=300, stateful_step_count=40, derandomize=True, database=None)
THOROUGH: Final = settings(max_examples=int(os.environ.get("PROOF_EXAMPLES", "20000")), stateful_step_count=60)
QUIET: Final = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
MUTANT: Final = settings(FAST, max_examples=3000, phases=[Phase.generate])
"""For a mutant the only question is whether it is caught: more examples, and no search for the shortest one."""

PROFILES: Final = {"fast": FAST, "thorough": THOROUGH, "mutant": MUTANT}
CHOSEN: Final = os.environ.get("PROOF", "fast")

OFTEN: Final = (
    "a reconciliation is killed",
    "a reconciliation: finished",
    "a line in a report",
)
OPERATED: Final = (
    "a decision: status",
    "a decision: refund",
    "a decision is refused: overtaken",
    "a reconciliation: held",
    "a reconciliation: unfinished",
    "a daily reconciliation: finished",
    "a daily reconciliation: unfinished",
    "a daily reconciliation of several lists",
    "a daily reconciliation goes on after midnight",
)
"""What people and reconciliations must reach: often in every profile, and the rest when more examples are run. A rule
without effect proves nothing. The examples of the fast profile depend on the text of the machine, so it reaches rare
events by chance."""

DEPLOYED_OFTEN: Final = ("old keys are refused",)
DEPLOYED: Final = (
    "a change: a new secret key",
    "a change: a new encryption key",
    "a change: the other mode",
    "an old encryption key is refused",
    "a proxy refuses the keys of a charge that was made",
    "a circuit opens",
    "a probe after an open circuit",
)
"""The same while the service is deployed anew."""


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise() -> None:
    run_state_machine_as_test(ChargeMachine, settings=chosen_profile())


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise_about_refunds() -> None:
    run_state_machine_as_test(RefundMachine, settings=chosen_profile())


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise_while_people_operate_it() -> None:
    run_and_count(OperationsMachine, OFTEN, OPERATED)


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise_while_it_is_deployed_anew() -> None:
    run_and_count(DeploymentMachine, DEPLOYED_OFTEN, DEPLOYED)


def run_and_count(machine: type[RuleBasedStateMachine], often: Sequence[str], rarely: Sequence[str]) -> None:
    """Runs a machine with a quarter of the profile's examples, each of which takes long. It must reach each event."""
    REACHED.clear()
    run_state_machine_as_test(machine, settings=chosen_profile(share=0.25))
    expected = often if CHOSEN == "fast" else (*often, *rarely)
    assert [event for event in expected if not REACHED[event]] == []


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise_about_late_successes() -> None:
    run_state_machine_as_test(LateRefundMachine, settings=chosen_profile(share=0.5))


def chosen_profile(share: float = 1.0) -> settings:
    """The profile that the environment variable PROOF names. `share`: of its examples, where one takes longer."""
    profile = PROFILES[CHOSEN]
    examples = int(profile.max_examples * share)
    return settings(profile, max_examples=examples, deadline=None, suppress_health_check=QUIET)
