"""The entry point of a function: what is built when, and what an invocation begins and ends with."""

import subprocess
import sys

import pytest

from payments.runtime.lambda_entry import built_once, function_telemetry, invocation
from payments.runtime.telemetry import PowertoolsTelemetry
from tests.emf_lines import Console
from tests.house.checkout import FUNCTIONS

ON_DEMAND = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
SNAP_START = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}

IMPORT = """
import charge.app, follow_up.app, reconciliation.app, relay.app, webhook.app
built = [
    charge.app._routes,
    follow_up.app._follow_ups,
    follow_up.app._index,
    reconciliation.app._invocation,
    relay.app._relay,
    webhook.app._endpoint,
]
print([each.cache_info().currsize for each in built])
"""
ENVIRONMENT = {
    "TABLE_NAME": "payments",
    "GATEWAY_SECRET_ID": "gateway",
    "GATEWAY_MODE": "test",
    "GATEWAY_BASE_URL": "https://gateway.example",
    "GATEWAY_AMOUNT_UNIT": "minor",
    "GATEWAY_COUNTRY_FORMAT": "alpha-2",
    "TOKEN_SECRET_ID": "token",
    "MAX_AMOUNT": "1000000",
    "LEFT_REDIRECT_MINUTES": "60",
    "SUPERSEDED_PAYMENT_POLICY": "alarm",
    "BUS_NAME": "payments",
    "FOLLOW_UP_CONCURRENCY": "20",
    "WEBHOOK_SIGNATURE": "required",
    "WEBHOOK_CONFIRMATION": "always",
    "REPORTS_BUCKET": "reports",
    "RECONCILIATION_DAYS": "3",
    "RECONCILIATION_DAILY_DAYS": "2",
    "AWS_DEFAULT_REGION": "eu-west-1",
}
"""Enough for every function. There is no server at any of these addresses: building makes no call."""


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


def built_at_import(environment: dict[str, str]) -> str:
    process = subprocess.run(
        [sys.executable, "-c", IMPORT],
        env={"PYTHONPATH": str(FUNCTIONS), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return process.stdout.strip()


def test_importing_a_door_reads_and_builds_nothing() -> None:
    assert built_at_import(ON_DEMAND) == "[0, 0, 0, 0, 0, 0]"


def test_under_snap_start_importing_a_door_builds_it() -> None:
    assert built_at_import(ENVIRONMENT | SNAP_START) == "[1, 1, 1, 1, 1, 1]"
