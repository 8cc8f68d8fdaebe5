"""The model of one payment: it comes from the code's own table, and spin finds what each broken guard would cost."""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from payments.follow_up.schedule import BACK_OFF, CONFIRMED_ASKS, NEVER_ARRIVED_AFTER, NEVER_ARRIVED_ASKS
from payments.ledger.expressions import NOT_YET_THERE, NOTHING_WRITTEN_SINCE
from payments.ledger.order_lock import FREED, SAME_ATTEMPTS, UNPAID
from payments.ledger.payments import SAME_DUE_TIME, STILL_ONLY_CLAIMED
from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status
from tests.model import promela
from tests.model.broken import kept, replayed
from tests.model.promela import GUARDS, INSTANCES, Bounds, Guard, model, number_of
from tests.model.spin import NotInstalled, explore

ROOT: Final = Path(__file__).parents[2]

TRACES: Final = {
    "claim unconditional": "0 claim; 1 claim; 1 send answered 1; 0 send answered 1",
    "save unconditional": "0 claim; 10 lease; 10 query 100; 0 send refused 0; 0 save; 10 save",
    "release unconditional": "0 claim; 1 claim; 1 save; 1 answers; 0 send unsent 0; 0 release",
    "silence is failure": "0 claim; 0 send silent 4; 0 save; world hour; end",
    "sent again on retry": "0 claim; 1 claim; 1 save; 1 answers; 1 send answered 1; 0 send answered 1",
    "never arrived after one answer": "0 claim; 0 send answered 1; 0 dies; world hour; 10 lease; 10 query 101; 10 save",
    "never arrived within the hour": (
        "0 claim; 0 send answered 1; 0 dies; 10 lease; 10 query 101; 10 save; 10 lease; 10 query 101; 10 save"
    ),
    "superseding unconditional": (
        "0 claim; 10 lease; 0 send answered 2; world decides 5; 10 query 5; 0 save; 30 reads; 10 save; 30 take"
    ),
}
"""A trace for each broken guard, so that the replay is tested in every run of the unit tests, without spin."""

INTERRUPTIBLE: Final = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("tests.model", run_name="__main__", alter_sys=True)
"""
"""The model as a terminal starts it: a shell's background job, and its children, ignore interrupts."""

PATIENCE: Final = 300
"""Seconds. The checker is compiled first, beside whatever else the machine does."""


def value_of(expression: str, **names: int) -> bool:
    """An expression of Promela, as Python has it."""
    numbers = {status.name: number_of(status) for status in Status}
    text = expression.replace("||", " or ").replace("&&", " and ")
    return bool(eval(text, {}, {**numbers, **names}))  # noqa: S307 - our own text


def defined(text: str, name: str) -> str:
    """The text of a macro of the model."""
    found = re.search(rf"^#define {re.escape(name)} (.+)$", text, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("to", Status)
def test_the_model_has_exactly_the_transitions_of_the_code(before: Status, to: Status) -> None:
    expression = defined(model(), "MAY_BECOME(s, to)")
    assert value_of(expression, s=number_of(before), to=number_of(to)) is (to in TRANSITIONS[before])


@pytest.mark.parametrize("status", Status)
def test_the_model_has_the_open_and_the_freeing_statuses_of_the_code(status: Status) -> None:
    assert value_of(defined(model(), "IS_OPEN(s)"), s=number_of(status)) is (status in OPEN)
    assert value_of(defined(model(), "FREES(s)"), s=number_of(status)) is (status in FREES_THE_ORDER)


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("to", Status)
def test_a_change_of_the_table_changes_the_model(before: Status, to: Status) -> None:
    changed = model(table={**TRANSITIONS, before: TRANSITIONS[before] ^ {to}})
    assert changed != model()
    expression = defined(changed, "MAY_BECOME(s, to)")
    assert value_of(expression, s=number_of(before), to=number_of(to)) is (to not in TRANSITIONS[before])


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
    assert SAME_ATTEMPTS == "size(attempts) = :seen_attempts"
    # The model has no refunds.
    sent_back = "#status = :paid AND #refund.#status IN (:requested, :refunded)"
    given_up = f"#status = :on_page OR #failure.#code = :unresolved OR ({sent_back})"
    assert f"{UNPAID} OR (attribute_exists(superseded_at) AND ({given_up}))" == FREED
    assert (NEVER_ARRIVED_ASKS, NEVER_ARRIVED_AFTER.total_seconds()) == (2, 3600)


@pytest.mark.parametrize("bounds", INSTANCES.values(), ids=INSTANCES)
def test_the_bounds_keep_the_order_of_the_real_numbers(bounds: Bounds) -> None:
    assert bounds.confirmed_asks <= bounds.last_ask <= len(BACK_OFF)
    assert len(BACK_OFF) >= CONFIRMED_ASKS
    assert bounds.last_ask + 1 >= NEVER_ARRIVED_ASKS


def test_all_processes_together_are_an_instance() -> None:
    assert any(each.shops >= 2 and each.follow_ups and each.webhooks for each in INSTANCES.values())
    assert any(each.last_ask == len(BACK_OFF) and each.confirmed_asks == CONFIRMED_ASKS for each in INSTANCES.values())


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.broken_name)
def test_a_broken_guard_changes_its_own_line_alone(guard: Guard) -> None:
    whole, broken = model().splitlines()[1:], model(guard.broken_name).splitlines()[1:]
    changed = [(old, new) for old, new in zip(whole, broken, strict=True) if old != new]
    assert changed == [(f"#define {guard.name} ({guard.holds})", f"#define {guard.name} ({guard.broken})")]


def test_every_part_of_the_template_is_filled_in() -> None:
    assert re.findall(r"@[A-Z_]+@", model()) == []


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.broken_name)
def test_the_code_without_the_guard_breaks_the_promise_on_the_trace(guard: Guard) -> None:
    assert guard.costs in replayed(guard.broken_name, tuple(TRACES[guard.broken_name].split("; ")))


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.broken_name)
def test_the_code_as_it_is_keeps_its_promises_on_the_trace(guard: Guard) -> None:
    """It takes other steps (None), or the same ones without harm."""
    assert not kept(tuple(TRACES[guard.broken_name].split("; ")))


def test_a_machine_without_spin_is_named_and_nothing_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotInstalled, match=r"not installed: spin, gcc .*apt-get install spin gcc"):
        explore(model())


@pytest.mark.slow
def test_no_interleaving_charges_twice_or_loses_a_charge() -> None:
    """The smallest instance; `make model` explores the others."""
    explored = explore(model(bounds=INSTANCES["two requests and the follow-up"]))
    assert explored.violation is None, "\n".join(explored.steps)
    assert explored.states > 100_000


@pytest.mark.slow
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.broken_name)
def test_a_broken_guard_gives_a_trace_that_the_code_without_it_reproduces(guard: Guard) -> None:
    explored = explore(model(guard.broken_name, guard.bounds), shortest=True)
    assert guard.breaks(explored.violation)
    assert guard.costs in replayed(guard.broken_name, explored.steps)
    assert not kept(explored.steps)


@pytest.mark.slow
def test_a_table_without_a_move_that_the_code_makes_is_found() -> None:
    without = {**TRANSITIONS, Status.PROCESSING: TRANSITIONS[Status.PROCESSING] - {Status.FAILED}}
    explored = explore(model(table=without), shortest=True)
    assert explored.violation is not None
    assert promela.ILLEGAL_MOVE in explored.violation


@pytest.mark.slow
def test_an_interrupt_ends_the_checker_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": "functions"}
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTIBLE], cwd=ROOT, env=environment, start_new_session=True)
    try:
        until = time.monotonic() + PATIENCE
        while not list(tmp_path.glob("*/pan.c")) and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does on Ctrl-C
        assert process.wait(timeout=PATIENCE) == 130
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert list(tmp_path.iterdir()) == []
