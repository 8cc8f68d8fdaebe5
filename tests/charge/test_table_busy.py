"""A throttled table at the charge door: 503 under the same key, never 500, and at most one charge."""

from typing import Any

import pytest

from payments.ports.ledger import TableBusy
from tests.charge.charge_api import ChargeApi, problem


@pytest.fixture
def api() -> ChargeApi:
    return ChargeApi()


class BusyOnce:
    """A ledger that finds the table busy in the first of the named calls."""

    def __init__(self, ledger: Any, call: str) -> None:
        self._ledger, self._call, self.is_busy = ledger, call, True

    def __getattr__(self, name: str) -> Any:
        if name == self._call and self.is_busy:
            self.is_busy = False
            return self._raise
        return getattr(self._ledger, name)

    def _raise(self, *_: object) -> None:
        raise TableBusy("the table is throttled or contended; nothing was written")


@pytest.mark.parametrize("call", ["claim", "save"])
def test_a_busy_table_is_answered_with_503_and_the_same_key_ends_in_one_charge(api: ChargeApi, call: str) -> None:
    api.ledger = BusyOnce(api.ledger, call)  # type: ignore[assignment]

    assert problem(busy := api.charge()) == (503, "busy", "same-key")
    assert int(busy.headers["Retry-After"]) > 0

    again = api.charge()
    assert again.status in (201, 202)
    api.follow_up(seconds=61)
    assert api.stored(again.json["id"]).status == "requires_action"
    assert len(api.gateway.submissions) == 1
