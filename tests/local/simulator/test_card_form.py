"""The hosted page's card form: valid input, and the message for each invalid field."""

from datetime import date

import pytest

from local.simulator.card_form import faults, number_in

TODAY = date(2026, 11, 22)
GOOD = {"card_number": "4242424242424242", "card_expiry": "12/30", "card_cvv": "123"}


@pytest.mark.parametrize("number", ["4242424242424242", "4242 4242 4242 4242", " 4242-4242-4242-4242 "])
def test_a_number_may_be_grouped(number: str) -> None:
    entered = GOOD | {"card_number": number}
    assert faults(entered, TODAY) == {}
    assert number_in(entered) == "4242424242424242"


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("", "Enter the card number"),
        ("4242", "12 to 19 digits"),
        ("4" * 20, "12 to 19 digits"),
        ("4242424242424a42", "12 to 19 digits"),
        ("\u0664" * 16, "12 to 19 digits"),
        ("4242424242424241", "do not add up"),
        ("4242424242424224", "do not add up"),
    ],
)
def test_an_invalid_number_is_refused(number: str, message: str) -> None:
    found = faults(GOOD | {"card_number": number}, TODAY)
    assert list(found) == ["card_number"]
    assert message in found["card_number"]
    assert number == "" or number not in found["card_number"]


@pytest.mark.parametrize("expiry", ["11/26", "1126", "11 / 26", "11/2026", "11-2026", "01/27", "12/99"])
def test_a_card_is_valid_until_the_end_of_its_month(expiry: str) -> None:
    assert faults(GOOD | {"card_expiry": expiry}, TODAY) == {}


@pytest.mark.parametrize("expiry", ["10/26", "12/25", "12/2025", "11/20"])
def test_an_expired_card_is_refused(expiry: str) -> None:
    assert faults(GOOD | {"card_expiry": expiry}, TODAY) == {"card_expiry": "This card has expired."}


@pytest.mark.parametrize("expiry", ["", "13/30", "00/30", "1/30", "2030", "12/1930", "12/030", "soon"])
def test_an_invalid_expiry_is_refused(expiry: str) -> None:
    assert "MM/YY" in faults(GOOD | {"card_expiry": expiry}, TODAY)["card_expiry"]


@pytest.mark.parametrize(
    ("number", "cvv", "good"),
    [
        ("4242424242424242", "029", True),
        ("4242424242424242", "0290", False),
        ("4242424242424242", "02", False),
        ("4242424242424242", "abc", False),
        ("4242424242424242", "", False),
        ("378282246310005", "0290", True),
        ("378282246310005", "029", False),
    ],
)
def test_the_security_code_has_the_length_of_its_brand(*, number: str, cvv: str, good: bool) -> None:
    assert (faults(GOOD | {"card_number": number, "card_cvv": cvv}, TODAY) == {}) is good


def test_an_empty_form_gets_a_message_for_every_field_in_order() -> None:
    assert list(faults({}, TODAY)) == ["card_number", "card_expiry", "card_cvv"]
