"""The share of the work that an invocation takes: its schedule's input says so."""

from collections.abc import Mapping
from typing import Any

from payments.follow_up.due_payments import Share


def share_of(event: Mapping[str, Any]) -> Share:
    """The share in `{"run": 3, "runs": 8}`; all of the work for an event without `run`, as a person sends it.

    Raises ValueError for any other event: a run that takes the wrong shards would leave payments to nobody.
    """
    if "run" not in event:
        return Share()
    run, runs = event["run"], event.get("runs")
    if type(run) is not int or type(runs) is not int or not 0 <= run < runs:
        raise ValueError("the event has no valid share: run and runs")
    return Share(run, runs)
