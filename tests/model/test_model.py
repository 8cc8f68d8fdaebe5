"""The model of one payment: it comes from the code's own table, and spin finds what each broken guard would cost."""

import re
from typing import Any

import pytest

from payments.charging.charge import Charging
from payments.follow_up.schedule import BACK_OFF, CONFIRMED_ASKS, NEVER_ARRIVED_AFTER, NEVER_ARRIVED_ASKS
from payments.ledger.expressions import NOT_YET_THERE
from payments.ledger.payments import NOTHING_WRITTEN_SINCE, SAME_DUE_TIME, STILL_ONLY_CLAIMED
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import TRANSITIONS, Status
from payments.ports.ledger import OrderLock
from tests.fakes.ledger import InMemoryLedger
from tests.model.promela import GUARDS, HARMLESS, INSTANCES, Bounds, may_become, model, number_of
from tests.model.replay import Replay
from tests.model.spin import MISSING, explore
from tests.payments.assembled import PaymentSystem

needs_spin = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make model installs them)")

CLAIM_UNCONDITIONAL = ("1 claim", "1 send answered 1", "0 claim", "0 send answered 1")
SILENCE_IS_FAILURE = ("1 dies", "0 claim", "0 send silent 4", "0 save", "world hour", "end")
"""Traces as spin finds them, so that the replay is tested where spin is not installed."""


class UnconditionalClaim(InMemoryLedger):
    """A table that forgets to check that the payment is not there yet."""

    def claim(self, payment: Payment, lock: OrderLock | None) -> Payment | None:
        self._table.pop(payment.id, None)
        return super().claim(payment, lock)


class SilenceIsFailure(Charging):
    """A charge that takes a missing answer for a failure."""

    def _in_doubt(self, payment: Payment, why: str, **_: Any) -> Payment:
        return self._failed(payment, Failure("no_answer", why), {})


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("to", Status)
def test_the_model_has_exactly_the_transitions_of_the_code(before: Status, to: Status) -> None:
    expression = may_become(TRANSITIONS).replace("||", " or ").replace("&&", " and ")
    names = {status.name: number_of(status) for status in Status}
    value = eval(expression, {}, {**names, "s": number_of(before), "to": number_of(to)})  # noqa: S307 - our own text
    assert value is (to in TRANSITIONS[before])


def test_each_guard_of_the_model_is_a_guard_of_the_code() -> None:
    """Where one of these changes, the model has to follow: `GUARDS` in tests/model/promela.py."""
    assert NOT_YET_THERE == "attribute_not_exists(pk)"
    assert NOTHING_WRITTEN_SINCE == "revision = :seen_revision"
    assert SAME_DUE_TIME == "follow_up_at = :seen_due"
    assert STILL_ONLY_CLAIMED.split(" AND ") == [
        "version = :first",
        "published = :none",
        "attribute_not_exists(replayed_while_sending)",
    ]
    assert (NEVER_ARRIVED_ASKS, NEVER_ARRIVED_AFTER.total_seconds()) == (2, 3600)


def test_the_bounds_keep_the_order_of_the_real_numbers() -> None:
    bounds = Bounds()
    assert bounds.confirmed_asks <= bounds.last_ask
    assert len(BACK_OFF) >= CONFIRMED_ASKS
    assert bounds.last_ask >= NEVER_ARRIVED_ASKS


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.broken_name)
def test_a_broken_guard_changes_its_own_line_alone(guard: Any) -> None:
    whole, broken = model().splitlines()[1:], model(guard.broken_name).splitlines()[1:]
    changed = [(old, new) for old, new in zip(whole, broken, strict=True) if old != new]
    assert changed == [(f"#define {guard.name} {guard.holds}", f"#define {guard.name} {guard.broken}")]


def test_every_part_of_the_template_is_filled_in() -> None:
    assert re.findall(r"@[A-Z_]+@", model()) == []


def test_a_claim_without_its_condition_charges_twice_in_the_code() -> None:
    replay = Replay(PaymentSystem(ledger=UnconditionalClaim()))
    replay.run(CLAIM_UNCONDITIONAL)
    assert len(replay.system.gateway.charges) == 2


def test_silence_taken_for_failure_loses_a_charge_in_the_code() -> None:
    replay = Replay(PaymentSystem(), SilenceIsFailure)
    replay.run(SILENCE_IS_FAILURE)
    assert_charge_is_lost(replay)


def test_the_code_as_it_is_refuses_these_traces() -> None:
    with pytest.raises(AssertionError, match="the model is at send, the code at save"):
        Replay(PaymentSystem()).run(CLAIM_UNCONDITIONAL)
    replay = Replay(PaymentSystem())
    replay.run(SILENCE_IS_FAILURE)
    assert replay.payment is not None
    assert replay.payment.status is Status.PROCESSING


@needs_spin
@pytest.mark.slow
@pytest.mark.parametrize("name", INSTANCES)
def test_no_interleaving_charges_twice_or_loses_a_charge(name: str) -> None:
    explored = explore(model(bounds=INSTANCES[name]))
    assert explored.violation is None, "\n".join(explored.steps)
    assert explored.states > 10_000


@needs_spin
@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.broken_name)
def test_a_broken_guard_gives_a_trace(guard: Any) -> None:
    bounds = INSTANCES["two requests and the follow-up"] if guard.broken_name in HARMLESS else Bounds()
    explored = explore(model(guard.broken_name, bounds), shortest=guard.broken_name not in HARMLESS)
    assert (explored.violation is None) is (guard.broken_name in HARMLESS)


@needs_spin
@pytest.mark.slow
def test_the_trace_of_an_unconditional_claim_is_reproduced_by_the_code() -> None:
    steps = explore(model("claim unconditional"), shortest=True).steps
    replay = Replay(PaymentSystem(ledger=UnconditionalClaim()))
    replay.run(steps)
    assert len(replay.system.gateway.charges) == 2


@needs_spin
@pytest.mark.slow
def test_the_trace_of_silence_as_failure_is_reproduced_by_the_code() -> None:
    steps = explore(model("silence is failure"), shortest=True).steps
    replay = Replay(PaymentSystem(), SilenceIsFailure)
    replay.run(steps)
    assert_charge_is_lost(replay)


def assert_charge_is_lost(replay: Replay) -> None:
    """A charge at the gateway, failed in our table, and nothing is left that would find it."""
    assert len(replay.system.gateway.charges) == 1
    assert replay.payment is not None
    assert replay.payment.status is Status.FAILED
    assert replay.payment.follow_up.ask_at is None
