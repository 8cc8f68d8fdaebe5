"""The payload has the gateway's flat fields and an exact amount."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.demo.document import payment as document
from payments.gateway.envelope import Dialect
from payments.gateway.payloads import charge_payload
from payments.model.card import Card
from payments.model.country import ALPHA_3
from payments.model.money import EXPONENTS, AmountUnit, Money
from payments.ports.gateway import Submission
from tests.fakes.samples import submission
from tests.payments.gateway.envelopes import MAJOR, MINOR

REQUIRED = (
    "first_name last_name email address country city state zip ip_address phone_number amount currency card_number "
    "card_expiry_month card_expiry_year card_cvv redirect_url webhook_url order_id"
).split()


def payload_of(charge: Submission, dialect: Dialect = MINOR) -> dict[str, Any]:
    """The payload as the gateway parses it, with exact numbers."""
    read: dict[str, Any] = json.loads(charge_payload(charge, dialect), parse_float=Decimal, parse_int=Decimal)
    return read


def written_amount(money: Money, unit: AmountUnit) -> str:
    """The digits of the amount in the payload."""
    text = charge_payload(submission(money=money), Dialect(unit, "alpha-2")).decode()
    return text.split('"amount":')[1].split(",")[0]


def test_the_payload_has_exactly_the_fields_of_the_document() -> None:
    assert set(payload_of(submission())) == set(REQUIRED)


def test_every_value_but_the_amount_is_a_string() -> None:
    read = payload_of(submission(terminal_id="T1"))

    assert {name for name, value in read.items() if not isinstance(value, str)} == {"amount"}


def test_the_sample_payment_of_the_document_is_sent_as_printed() -> None:
    printed = document()
    card = Card(*(printed[f"card_{part}"] for part in ("number", "cvv", "expiry_month", "expiry_year")))
    separate = {"amount", "currency", "redirect_url", "order_id"}
    shopper = {name: value for name, value in printed.items() if name not in separate and not name.startswith("card_")}
    charge = submission(
        money=Money(printed["amount"], printed["currency"]),
        card=card,
        shopper=shopper,
        redirect_url=printed["redirect_url"],
        webhook_url="https://pay.agency/webhook",
        order_id=printed["order_id"],
    )

    assert payload_of(charge) == printed | {"webhook_url": "https://pay.agency/webhook"}


def test_a_missing_value_is_left_out_and_never_null() -> None:
    payload = charge_payload(submission(terminal_id=None), MINOR)

    assert b"terminal_id" not in payload
    assert b"null" not in payload


def test_a_terminal_id_is_sent() -> None:
    assert payload_of(submission(terminal_id="T-42"))["terminal_id"] == "T-42"


@pytest.mark.parametrize(
    ("money", "minor", "major"),
    [
        (Money(100, "GBP"), "100", "1.00"),
        (Money(1, "GBP"), "1", "0.01"),
        (Money(21150, "EUR"), "21150", "211.50"),
        (Money(100, "JPY"), "100", "100"),
        (Money(1, "JPY"), "1", "1"),
        (Money(100, "KWD"), "100", "0.100"),
        (Money(1, "KWD"), "1", "0.001"),
        (Money(12345678, "KWD"), "12345678", "12345.678"),
        (Money(9007199254740993, "USD"), "9007199254740993", "90071992547409.93"),  # too large for a float
        (Money(10**30 + 1, "USD"), "1" + "0" * 29 + "1", "1" + "0" * 27 + "0.01"),
    ],
)
def test_the_amount_has_its_exact_digits(money: Money, minor: str, major: str) -> None:
    assert written_amount(money, "minor") == minor
    assert written_amount(money, "major") == major


@given(st.integers(1, 10**12), st.sampled_from(sorted(EXPONENTS)))
def test_any_amount_is_parsed_back_exactly(amount: int, currency: str) -> None:
    money = Money(amount, currency)

    assert payload_of(submission(money=money), MINOR)["amount"] == amount
    assert payload_of(submission(money=money), MAJOR)["amount"] * 10 ** EXPONENTS[currency] == amount


@pytest.mark.parametrize("amount", [1, 10**7, 10**12, 10**20])
def test_the_amount_is_never_in_scientific_notation(amount: int) -> None:
    for unit in ("minor", "major"):
        assert "e" not in written_amount(Money(amount, "KWD"), unit).lower()


@pytest.mark.parametrize("country", sorted(ALPHA_3))
def test_the_country_is_sent_in_the_configured_format(country: str) -> None:
    charge = submission(shopper={**submission().shopper, "country": country})

    assert payload_of(charge, Dialect("minor", "alpha-2"))["country"] == country
    assert payload_of(charge, Dialect("minor", "alpha-3"))["country"] == ALPHA_3[country]


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_parsed_back_unchanged(text: str) -> None:
    charge = submission(shopper={**submission().shopper, "address": text})

    assert payload_of(charge)["address"] == text


def test_a_name_is_sent_as_utf_8_without_escapes() -> None:
    payload = charge_payload(submission(shopper={**submission().shopper, "first_name": "Zoë"}), MINOR)

    assert '"first_name": "Zoë"'.encode() in payload


def test_the_repr_of_a_submission_shows_no_card_and_no_shopper() -> None:
    shown = repr(submission())

    assert not [secret for secret in ("4111111111111111", "907", "James", "example.com") if secret in shown]
