"""The proof: at most one charge and one refund, nothing lost, events in order, no card data, whatever crashes when.

The fast profile runs with every `make test` and is always the same. `make prove` explores, and keeps its findings.
"""

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.machine import ChargeMachine
from tests.proof.refund_machine import RefundMachine

FAST: Final = settings(max_examples=300, stateful_step_count=40, derandomize=True, database=None)
THOROUGH: Final = settings(max_examples=int(os.environ.get("PROOF_EXAMPLES", "20000")), stateful_step_count=60)
QUIET: Final = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
MUTANT: Final = settings(FAST, max_examples=3000, phases=[Phase.generate])
"""For a mutant the only question is whether it is caught: more examples, and no search for the shortest one."""

PROFILES: Final = {"fast": FAST, "thorough": THOROUGH, "mutant": MUTANT}


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise() -> None:
    run_state_machine_as_test(ChargeMachine, settings=chosen_profile())


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise_about_refunds() -> None:
    run_state_machine_as_test(RefundMachine, settings=chosen_profile())


def chosen_profile() -> settings:
    """The profile that the environment variable PROOF names."""
    return settings(PROFILES[os.environ.get("PROOF", "fast")], deadline=None, suppress_health_check=QUIET)
