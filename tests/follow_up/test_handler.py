"""The handler: the share of its event, its concurrency, and the backlog, which one run of a minute measures."""

from collections.abc import Iterable
from typing import Any

import pytest

from follow_up import app
from payments.follow_up.backlog import UnfinishedPayment
from payments.follow_up.due_payments import Share
from payments.follow_up.lanes import Threads
from payments.follow_up.run import RunSummary
from payments.runtime.settings import FollowUpSettings
from tests.follow_up.follow_up_system import FollowUpSystem
from tests.house import deployed_template
from tests.payments.assembled import finisher_of


class Context:
    """Lambda's context."""

    aws_request_id = "run-1"

    def get_remaining_time_in_millis(self) -> int:
        return 55_000


class CountingIndex:
    """An index that counts how often it is read."""

    reads = 0

    def unfinished(self) -> Iterable[UnfinishedPayment]:
        """See `FollowUpIndex.unfinished`."""
        self.reads += 1
        return ()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> CountingIndex:
    index, system = CountingIndex(), FollowUpSystem()
    telemetry = system.console.telemetry
    settings = FollowUpSettings.from_environment(
        deployed_template.environment("FollowUpFunction") | {"FOLLOW_UP_CONCURRENCY": "3"}
    )
    finisher = finisher_of(system.ledger, system.gateway, system.bus, system.clock, telemetry)
    monkeypatch.setattr(app, "_follow_ups", lambda: finisher)
    monkeypatch.setattr(app, "_settings", lambda: settings)
    monkeypatch.setattr(app, "_index", lambda: index)
    return index


@pytest.mark.parametrize(
    ("event", "reads"), [({}, 1), ({"run": 0, "runs": 8}, 1), ({"run": 1, "runs": 8}, 0), ({"run": 7, "runs": 8}, 0)]
)
def test_one_run_of_a_minute_measures_the_backlog(index: CountingIndex, event: dict[str, Any], reads: int) -> None:
    assert app.handler(event, Context()) == {"finished": 0, "broken": 0, "out_of_time": False}
    assert index.reads == reads


def test_a_run_takes_its_share_with_the_deployed_concurrency(
    index: CountingIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Share, int]] = []

    def run(_: object, seconds_left: Any, __: object, share: Share, lanes: Threads) -> RunSummary:
        assert seconds_left() == 55
        seen.append((share, lanes.askers))
        return RunSummary()

    monkeypatch.setattr(app, "run", run)
    app.handler({"run": 5, "runs": 8}, Context())
    assert seen == [(Share(5, 8), 3)]


def test_an_invalid_share_ends_the_call_with_an_error(index: CountingIndex) -> None:
    with pytest.raises(ValueError, match="share"):
        app.handler({"run": 8, "runs": 8}, Context())
    assert index.reads == 0
