"""Calls the deployed function until the reconciliation is done. Each call continues where the last one stopped."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

SECONDS_A_CALL: Final = 60
"""The time limit of one call: short enough to show progress, long enough that starting it costs little beside it."""

RETRY_SECONDS: Final = 15.0
"""Seconds before the next call after one without progress: another call has the lease, or the gateway is silent."""

Result = Mapping[str, Any]


class ReconciliationRefused(Exception):
    """The function did not reconcile; the message is its own."""


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days in UTC, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"--from {self.first} --to {self.last}"


class ReconciliationFunction:
    """The deployed function. `client` is boto3's Lambda client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name

    def call(self, days: Days, *, anew: bool) -> Result:
        """One call and its result. Raises ReconciliationRefused."""
        request = {"from": str(days.first), "to": str(days.last), "seconds": SECONDS_A_CALL, "anew": anew}
        answer = self._client.invoke(FunctionName=self._name, Qualifier="live", Payload=json.dumps(request))
        body = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise ReconciliationRefused(f"{body.get('errorType', 'Error')}: {body.get('errorMessage', 'no message')}")
        if "error" in body:
            raise ReconciliationRefused(str(body["error"]))
        result: Result = body
        return result


def call_until_done(
    function: ReconciliationFunction, days: Days, *, anew: bool, sleep: Callable[[float], None]
) -> Iterator[Result]:
    """The result of each call; the last one is finished or stuck.

    `anew` begins a finished or stuck reconciliation again. Raises ReconciliationRefused.
    """
    before: Result | None = None
    while True:
        result = function.call(days, anew=anew)
        yield result
        if result["state"] in ("finished", "stuck"):
            return
        # While another call has the lease nothing begins anew: the next call still has to ask for it.
        anew = anew and result["state"] == "held"
        if result["state"] == "held" or result == before:
            sleep(RETRY_SECONDS)
        before = result
