"""The entry point of a function: what is built when, and what an invocation begins and ends with."""

import pytest

from payments.runtime.lambda_entry import built_once, function_telemetry, invocation
from payments.runtime.telemetry import PowertoolsTelemetry
from tests.emf_lines import Console

ON_DEMAND = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


class Builder:
    """Counts how often it builds; fails as often as it is asked to."""

    def __init__(self, failures: int = 0) -> None:
        self.calls = 0
        self._failures = failures

    def __call__(self, telemetry: PowertoolsTelemetry) -> object:
        self.calls += 1
        if self.calls <= self._failures:
            raise LookupError
        return object()


def test_nothing_is_built_before_the_first_call_and_never_twice() -> None:
    build = Builder()
    built = built_once(build, ON_DEMAND)
    assert build.calls == 0
    assert built() is built()
    assert build.calls == 1


def test_a_snapshot_holds_what_is_built() -> None:
    build = Builder()
    built = built_once(build, SNAP_START)
    assert build.calls == 1
    built()
    assert build.calls == 1


def test_a_build_that_failed_is_tried_again() -> None:
    built = built_once(Builder(failures=1), {})
    with pytest.raises(LookupError):
        built()
    assert built() is built()


def test_a_function_has_one_telemetry() -> None:
    assert function_telemetry() is function_telemetry()


def failing_invocation(console: Console) -> None:
    with invocation("request-1", lambda: console.telemetry) as telemetry:
        telemetry.note("unexpected_error")
        raise LookupError


def test_an_invocation_begins_with_its_id_and_writes_its_metrics_even_if_it_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console = Console("entry")
    with pytest.raises(LookupError):
        failing_invocation(console)
    assert '"correlation_id":"request-1"' in console.read()
    assert "UnexpectedErrors" in capsys.readouterr().out
