"""Telemetry and secrets in many threads at once."""

import io
import json
import logging
import sys
import threading
import uuid
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from payments.errors import SecretUnusable
from payments.runtime.emf import MAX_VALUES, EmfLines
from payments.runtime.secret_cache import FRESH_FOR, Secret
from payments.runtime.telemetry import PowertoolsTelemetry
from tests.fakes.clock import SettableClock
from tests.fakes.telemetry import RecordingTelemetry
from tests.fakes.threads import in_threads

MANY = 8


class WritesInParts(io.StringIO):
    """A log that records each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


@pytest.fixture
def log() -> WritesInParts:
    return WritesInParts()


@pytest.fixture
def recorded(log: WritesInParts) -> PowertoolsTelemetry:
    logger = Logger(service=f"threads-{uuid.uuid4().hex}", level="INFO", stream=log)
    return PowertoolsTelemetry(logger, EmfLines("tests", "threads"))


def test_a_line_names_the_payment_of_its_own_thread(recorded: PowertoolsTelemetry, log: WritesInParts) -> None:
    recorded.begin("run-1")
    named = threading.Barrier(MANY)
    names = iter(range(MANY))

    def work() -> None:
        nth = next(names)
        recorded.about(f"pay_{nth}", f"order-{nth}")
        named.wait(10)  # every thread has named its payment
        recorded.note("status_unanswered", error=str(nth))

    in_threads(MANY, work)

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    found = {(line["payment_id"], line["order_id"], line["error"], line["correlation_id"]) for line in lines}
    assert found == {(f"pay_{nth}", f"order-{nth}", str(nth), "run-1") for nth in range(MANY)}


def test_the_next_invocation_begins_without_a_payment(recorded: PowertoolsTelemetry, log: WritesInParts) -> None:
    recorded.about("pay_1", "order-1")
    recorded.begin("run-2")
    recorded.note("status_unanswered", error="none")

    assert "payment_id" not in json.loads(log.getvalue())


@pytest.mark.parametrize("values", [1, MAX_VALUES, MAX_VALUES + 1, 5 * MAX_VALUES])
def test_each_value_of_each_thread_is_counted_once_and_each_line_is_one_write(
    monkeypatch: pytest.MonkeyPatch, recorded: PowertoolsTelemetry, values: int
) -> None:
    out = WritesInParts()
    monkeypatch.setattr(sys, "stdout", out)

    def note_all() -> None:
        for _ in range(values):
            recorded.note("status_unanswered", error="x")

    in_threads(MANY, note_all)
    recorded.flush()

    lines = [json.loads(text) for text in out.writes if text.endswith("\n")]
    assert len(lines) == len(out.writes)
    assert sum(sum(line["StatusUnanswered"]) for line in lines) == MANY * values


def test_two_threads_at_the_first_value_make_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that one of them made anew would lose the value of the other."""
    made: list[Any] = []
    lines = EmfLines("tests", "threads")
    make = lines._line

    def slowly(second: Any) -> Any:
        made.append(second)
        threading.Event().wait(0.05)
        return make(second)

    monkeypatch.setattr(lines, "_line", slowly)
    telemetry = PowertoolsTelemetry(Logger(service=f"threads-{uuid.uuid4().hex}", level=logging.CRITICAL), lines)

    in_threads(2, lambda: telemetry.measure("FollowUpRuns", 1))

    assert len(made) == 1


class SlowSecrets:
    """Secrets Manager. A read takes long enough for all threads to want one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.reads, self.error = 0, error

    def get_secret_value(self, **kwargs: str) -> dict[str, Any]:
        """See SecretsClient."""
        self.reads += 1
        threading.Event().wait(0.2)
        if self.error is not None:
            raise self.error
        return {"SecretString": f"value {self.reads}"}


def secret_of(secrets: SlowSecrets, clock: SettableClock) -> Secret[str]:
    return Secret(secrets, "id", lambda text: text, clock, RecordingTelemetry())


class TestSecret:
    def test_the_first_read_is_made_once_for_all_threads(self) -> None:
        secrets = SlowSecrets()
        secret = secret_of(secrets, SettableClock())

        assert in_threads(MANY, secret.current) == ["value 1"] * MANY
        assert secrets.reads == 1

    def test_a_failed_first_read_is_not_repeated_by_each_thread_that_waited_for_it(self) -> None:
        """Each read may take seconds. One after the other, they would use up a run."""
        secrets = SlowSecrets(SecretUnusable("not filled in"))
        secret = secret_of(secrets, SettableClock())

        found = in_threads(MANY, secret.current)

        assert [type(each) for each in found] == [SecretUnusable] * MANY
        assert secrets.reads == 1
        secrets.error = None
        assert secret.current() == "value 2", "the next request tries again"

    def test_a_stale_value_is_read_again_once(self) -> None:
        secrets, clock = SlowSecrets(), SettableClock()
        secret = secret_of(secrets, clock)
        secret.current()
        clock.now += FRESH_FOR

        assert in_threads(MANY, secret.current) == ["value 2"] * MANY
        assert secrets.reads == 2

    def test_a_refresh_is_made_once(self) -> None:
        secrets = SlowSecrets()
        secret = secret_of(secrets, SettableClock())
        secret.current()

        assert sorted(map(str, in_threads(MANY, secret.refresh))) == ["False"] * (MANY - 1) + ["True"]
        assert secrets.reads == 2
