"""Money, compared with the published tables: a wrong exponent charges ten, a hundred or a thousand times too much."""

from decimal import Decimal
from typing import Any

import iso4217
import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model.money import EXPONENTS, Money, exact, in_minor_units

PUBLISHED = {currency.code: currency.exponent for currency in iso4217.Currency}
NOT_SUPPORTED = {
    *"BOV CHE CHW CLF COU MXV USN UYI UYW".split(),  # funds codes and units of account
    *"XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XUA".split(),  # metals, bonds, and units of banks
    *"XTS XXX".split(),  # for tests, and none
}

currencies = st.sampled_from(sorted(EXPONENTS))


class TestTable:
    def test_it_has_every_currency_in_circulation(self) -> None:
        assert set(EXPONENTS) == set(PUBLISHED) - NOT_SUPPORTED

    def test_it_has_the_published_exponents(self) -> None:
        assert {code: PUBLISHED[code] for code in EXPONENTS} == EXPONENTS

    def test_agrees_with_a_second_list(self) -> None:
        assert set(EXPONENTS) == {currency.alpha_3 for currency in pycountry.currencies} - NOT_SUPPORTED

    @pytest.mark.parametrize(("currency", "exponent"), [("GBP", 2), ("JPY", 0), ("KWD", 3), ("KRW", 0), ("TND", 3)])
    def test_it_has_well_known_exponents(self, currency: str, exponent: int) -> None:
        assert EXPONENTS[currency] == exponent


class TestUnits:
    @pytest.mark.parametrize(
        ("money", "major"), [(Money(100, "GBP"), "1"), (Money(100, "JPY"), "100"), (Money(100, "KWD"), "0.1")]
    )
    def test_a_hundred_minor_units_depend_on_the_currency(self, money: Money, major: str) -> None:
        assert money.in_unit("major") == Decimal(major)
        assert money.in_unit("minor") == 100

    @given(st.integers(1, 10**35), currencies)
    def test_conversion_there_and_back_changes_nothing(self, amount: int, currency: str) -> None:
        money = Money(amount, currency)

        assert in_minor_units(money.in_unit("major"), currency, "major") == amount
        assert in_minor_units(money.in_unit("minor"), currency, "minor") == amount

    @given(st.integers(1, 10**35), currencies)
    def test_one_minor_unit_more_is_another_amount(self, amount: int, currency: str) -> None:
        assert Money(amount + 1, currency).in_unit("major") != Money(amount, currency).in_unit("major")

    @pytest.mark.parametrize(("number_text", "currency"), [("0.001", "GBP"), ("0.5", "JPY"), ("1.0001", "KWD")])
    def test_a_fraction_of_a_minor_unit_is_kept_and_equals_no_amount(self, number_text: str, currency: str) -> None:
        number = in_minor_units(Decimal(number_text), currency, "major")

        assert number != number.to_integral_value()


class TestExact:
    @pytest.mark.parametrize(
        ("value", "number"),
        [(100, "100"), ("0100.0", "100"), ("100.50", "100.5"), (Decimal("0.1"), "0.1"), ("-1", "-1"), ("1e2", "100")],
    )
    def test_numbers_and_numeric_strings_are_exact(self, value: Any, number: str) -> None:
        assert exact(value) == Decimal(number)

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            False,
            1.5,
            [],
            {},
            b"1",
            "",
            " 1",
            "1\n",
            "1,0",
            "1_0",
            ".5",
            "5.",
            "+5",
            "0x10",
            "\N{ARABIC-INDIC DIGIT ONE}\N{ARABIC-INDIC DIGIT ZERO}",
            "NaN",
            "sNaN",
            "Infinity",
            Decimal("NaN"),
            Decimal("sNaN"),
            Decimal("-Infinity"),
            "1e40",
            "1e-40",
            "1e9999",
            "9" * 41,
            10**41,
            "0." + "1" * 41,
        ],
    )
    def test_any_other_value_is_none(self, value: Any) -> None:
        assert exact(value) is None

    @given(st.integers() | st.text() | st.decimals() | st.floats() | st.booleans() | st.none() | st.binary())
    def test_any_value_is_a_finite_number_or_none(self, value: Any) -> None:
        number = exact(value)

        assert number is None or number.is_finite()


def test_an_amount_of_forty_digits_is_read_and_converted_without_rounding() -> None:
    number = exact("1" * 38 + ".11")

    assert number == Decimal("1" * 38 + ".11")
    assert in_minor_units(number, "GBP", "major") == Decimal("1" * 40)


def test_an_amount_of_an_unknown_currency_is_read_with_two_digits() -> None:
    """It equals no amount of ours, and the difference is reported in a unit that a person expects."""
    assert in_minor_units(Decimal("1.23"), "XYZ", "major") == 123


def test_no_float_enters_or_leaves() -> None:
    assert isinstance(Money(1, "GBP").in_unit("major"), Decimal)
    assert exact(0.1) is None
