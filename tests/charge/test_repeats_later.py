"""What is not taken today may repeat what was taken; and no card travels in what is kept of an order."""

from dataclasses import replace
from typing import Any

import pytest

from tests.charge.charge_api import Counter, charge
from tests.fakes.gateway import Answers

CARD = "4111111111111111"


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_a_repeat_after_the_card_has_expired_gets_the_payment(counter: Counter) -> None:
    counter.gateway.will(Answers("SUCCESS"))
    paid = counter.charges("late")
    counter.clock.forward(days=365 * 5)

    repeat = counter.charges("late")

    assert (repeat.status, repeat.json) == (paid.status, paid.json)
    assert repeat.headers["Idempotency-Replayed"] == "true"
    assert counter.charges("never-seen").json["errors"][0]["code"] == "card_expired"


def test_a_repeat_above_a_maximum_that_was_lowered_gets_the_payment(counter: Counter) -> None:
    paid = counter.charges("large", amount=900_000)
    routes = counter.routes()
    lowered = replace(routes, max_amount=1000)
    counter.routes = lambda: lowered  # type: ignore[method-assign]

    repeat = counter.charges("large", amount=900_000)

    assert (repeat.status, repeat.json["id"]) == (paid.status, paid.json["id"])
    assert counter.charges("other", amount=900_000).status == 422


def test_another_request_that_is_not_taken_today_is_no_repeat(counter: Counter) -> None:
    counter.charges("late")
    counter.clock.forward(days=365 * 5)
    assert counter.charges("late", amount=7).json["code"] == "invalid_request"


@pytest.mark.parametrize("order_id", [CARD, "4111-1111-1111-1111", f"order.{CARD}_2"])
def test_a_card_number_does_not_travel_as_an_order_id(counter: Counter, order_id: str) -> None:
    told = counter.charges("smuggled", order_id=order_id, card_number=CARD)
    assert (told.status, told.json["errors"]) == (
        422,
        [{"field": "order_id", "code": "holds_card_number", "message": "may not hold the card's number"}],
    )
    assert CARD not in told.text
    assert counter.ledger.payments() == []


@pytest.mark.parametrize("changes", [{"domainName": "pay.shop.example"}, {"domainName": None}, {"apiId": None}])
def test_behind_a_custom_domain_without_a_public_address_nothing_is_sent(
    counter: Counter, changes: dict[str, Any]
) -> None:
    event = charge("domain")
    event["requestContext"] |= changes
    told = counter.takes(event)
    assert (told.status, told.json["code"]) == (503, "not_configured")
    assert (counter.gateway.submissions, counter.ledger.payments()) == ([], [])
