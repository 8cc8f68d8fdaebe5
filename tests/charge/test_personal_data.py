"""Names of all scripts pass; what identifies a card or a machine does not, whichever field it stands in."""

from typing import Any

import pytest

from tests.charge.charge_api import ChargeApi, problem

ANOTHERS_CARD = "5555555555554444"


@pytest.fixture
def api() -> ChargeApi:
    return ChargeApi()


def wrong_fields(answer: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in answer.json["errors"]]


@pytest.mark.parametrize(
    "name",
    [
        "Li",
        "Bo",
        "\u0938\u0941\u0928\u0940\u0932",
        "\u0986\u09a8\u09bf\u0995",
        "\u0999\u09bf\u0982",
        "O\u2019Neill",
        "J. R.",
        "\u738b\u5c0f",
    ],
)
def test_names_of_all_scripts_pass(api: ChargeApi, name: str) -> None:
    assert api.charge(first_name=name, last_name=name).status == 201


@pytest.mark.parametrize("name", ["L", "", "4111", "Li2", "\u0941\u0928", "-Li", "<b>", "Li\n", "a" * 192])
def test_what_is_no_name_is_refused(api: ChargeApi, name: str) -> None:
    answer = api.charge(first_name=name)
    assert problem(answer)[:2] == (422, "invalid_request")
    assert {field for field, _ in wrong_fields(answer)} == {"first_name"}


@pytest.mark.parametrize(
    "order_id",
    [
        ANOTHERS_CARD,
        "5555-5555-5555-4444",
        "5555.5555_5555-4444",
        f"order.{ANOTHERS_CARD}.2",
        f"A{ANOTHERS_CARD}",
        "378282246310005",
        f"PA{ANOTHERS_CARD}",
        f"web-FS{ANOTHERS_CARD}",
    ],
)
@pytest.mark.parametrize("hosted", [False, True])
def test_another_cards_number_is_no_order_id(api: ChargeApi, order_id: str, hosted: bool) -> None:  # noqa: FBT001
    answer = api.charge_hosted(order_id=order_id) if hosted else api.charge(order_id=order_id)
    assert problem(answer)[:2] == (422, "invalid_request")
    assert wrong_fields(answer) == [("order_id", "holds_card_number")]
    assert order_id not in answer.text
    assert api.gateway.submissions == []


def test_full_width_digits_are_no_order_id(api: ChargeApi) -> None:
    full_width = "".join(chr(0xFF10 + int(digit)) for digit in ANOTHERS_CARD)
    assert wrong_fields(api.charge(order_id=full_width)) == [("order_id", "order_id")]


@pytest.mark.parametrize(
    "order_id", ["5555555555554445", "20261127150218", "2026-11-27-0001", "1234567890123456", "A-1"]
)
def test_an_order_id_of_digits_that_is_no_card_passes(api: ChargeApi, order_id: str) -> None:
    assert api.charge(order_id=order_id).status == 201


@pytest.mark.parametrize("address", ["fe80::1%eth0", "2001:db8::1%25", "2a00::1%4111111111111111", "%", "1.1.1.1%1"])
def test_an_address_with_a_zone_is_refused(api: ChargeApi, address: str) -> None:
    answer = api.charge(ip_address=address)
    assert wrong_fields(answer) == [("ip_address", "ip_address")]
    assert address not in answer.text
