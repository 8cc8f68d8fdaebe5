"""Calling the reconciliation until it is done. Each call goes on where the one before stopped, whoever made it."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

SECONDS_A_CALL: Final = 60
"""What one call may take: short enough to see it move, long enough that starting it costs nothing beside it."""

BREATH: Final = 15.0
"""Seconds between two calls of which the second would only find what the first found: a lease, or a silent gateway."""

Result = Mapping[str, Any]


class ReconciliationRefused(Exception):
    """The function did not reconciliation; the sentence is its own."""


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
        told = {"from": str(days.first), "to": str(days.last), "seconds": SECONDS_A_CALL, "anew": anew}
        answer = self._client.invoke(FunctionName=self._name, Qualifier="live", Payload=json.dumps(told))
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise ReconciliationRefused(
                f"{said.get('errorType', 'Error')}: {said.get('errorMessage', 'without a word')}"
            )
        if "error" in said:
            raise ReconciliationRefused(str(said["error"]))
        result: Result = said
        return result


def reconciled(
    function: ReconciliationFunction, days: Days, *, anew: bool, sleep: Callable[[float], None]
) -> Iterator[Result]:
    """The result of each call; the last one is finished, or stuck. `anew` begins again what is. Raises ReconciliationRefused."""
    before: Result | None = None
    while True:
        result = function.call(days, anew=anew)
        yield result
        if result["state"] in ("finished", "stuck"):
            return
        # A call that was kept out has begun nothing: the next one still has to.
        anew = anew and result["state"] == "held"
        if result["state"] == "held" or result == before:
            sleep(BREATH)
        before = result
