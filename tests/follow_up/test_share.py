"""The share of an invocation: the runs of a minute take each shard once, and a run by hand takes all."""

from typing import Any

import pytest

from follow_up.share import share_of
from payments.follow_up.due_payments import Share
from payments.ledger.payment_items import SHARDS


@pytest.mark.parametrize("event", [{}, {"version": "0", "detail-type": "Scheduled Event"}, {"runs": 8}])
def test_an_event_without_a_run_takes_all_shards(event: dict[str, Any]) -> None:
    assert share_of(event).of(range(SHARDS)) == list(range(SHARDS))


@pytest.mark.parametrize("runs", [1, 3, 8, SHARDS, SHARDS + 8])
def test_the_runs_of_a_minute_take_each_shard_exactly_once(runs: int) -> None:
    shares = [share_of({"run": run, "runs": runs}).of(range(SHARDS)) for run in range(runs)]
    assert sorted(shard for share in shares for shard in share) == list(range(SHARDS))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_share_names_run_and_runs() -> None:
    assert share_of({"run": 7, "runs": 8}) == Share(7, 8)


@pytest.mark.parametrize(
    "event",
    [
        {"run": 8, "runs": 8},
        {"run": -1, "runs": 8},
        {"run": 0, "runs": 0},
        {"run": 0},
        {"run": None, "runs": 8},
        {"run": "0", "runs": "8"},
        {"run": True, "runs": 8},
        {"run": 0, "runs": 8.0},
    ],
)
def test_a_share_that_makes_no_sense_is_an_error(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="share"):
        share_of(event)
