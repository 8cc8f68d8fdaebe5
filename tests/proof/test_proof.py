"""THE PROOF: charged and refunded at most once, never lost, told in order, no card anywhere; whatever crashes where.

The fast profile runs with every `make test`, always the same; `make prove` explores, and keeps what it finds.
"""

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.proof.machine import Payments
from tests.proof.refunds import Refunds

FAST: Final = settings(max_examples=300, stateful_step_count=40, derandomize=True, database=None)
THOROUGH: Final = settings(max_examples=int(os.environ.get("PROOF_EXAMPLES", "20000")), stateful_step_count=60)
QUIET: Final = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
MUTANT: Final = settings(FAST, max_examples=3000, phases=[Phase.generate])
"""Of a mutant it is enough to know that it is caught, be it late; the shortest way to it need not be found."""

PROFILES: Final = {"fast": FAST, "thorough": THOROUGH, "mutant": MUTANT}


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise() -> None:
    run_state_machine_as_test(Payments, settings=chosen())


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_no_order_of_events_breaks_a_promise_about_refunds() -> None:
    run_state_machine_as_test(Refunds, settings=chosen())


def chosen() -> settings:
    """The profile that the environment names."""
    return settings(PROFILES[os.environ.get("PROOF", "fast")], deadline=None, suppress_health_check=QUIET)
