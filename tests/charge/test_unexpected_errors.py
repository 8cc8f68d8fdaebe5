"""A bug answers 500 and reveals nothing; the card appears in no output."""

import json
from collections.abc import Callable
from typing import Any

from tests.charge.charge_api import ChargeApi, problem
from tests.fakes.gateway import BankCharge
from tests.recorded_events import recorded


class TestBug:
    def test_a_bug_is_500_and_its_text_appears_nowhere(self, api: ChargeApi) -> None:
        secret = "4242424242424242 is what the bug quoted"
        api.gateway.before_answer = raises_undeclared(secret)
        response = api.send(recorded("charge-create"))
        assert problem(response) == (500, "internal_error", "same-key")
        for value in (secret, "4242424242424242", "UndeclaredError", "Traceback"):
            assert value not in response.text
        assert "UndeclaredError" in api.console.read(), "operators need the type"
        assert "4242424242424242" not in api.console.read()
        again = api.send(recorded("charge-create"))
        assert (again.status, again.json["status"]) == (202, "processing")
        assert len(api.gateway.submissions) == 1, "a retry never sends again what may have arrived"

    def test_a_bug_at_cold_start_is_500(self, api: ChargeApi) -> None:
        def failing() -> Any:
            raise RuntimeError("MAX_AMOUNT: 4242424242424242")

        api.routes = failing  # type: ignore[method-assign]
        assert problem(api.send(recorded("charge-create"))) == (500, "internal_error", "same-key")
        assert "4242424242424242" not in api.console.read()


class UndeclaredError(Exception):
    """An exception that no module declares."""


def raises_undeclared(text: str) -> Callable[[BankCharge], None]:
    def raise_undeclared(booked: BankCharge) -> None:
        raise UndeclaredError(text)

    return raise_undeclared


def test_nothing_stored_logged_or_answered_holds_the_card(api: ChargeApi) -> None:
    response = api.send(recorded("charge-create"))
    for text in (api.ledger.dump(), api.console.read(), response.text, json.dumps(dict(response.headers))):
        assert "4111111111111111" not in text
        assert '"029"' not in text
        assert "'029'" not in text
