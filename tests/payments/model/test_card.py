"""Cards: brand, check digit, expiry to the second, and finding card numbers in texts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model.card import Card, CardFacts, brand_of, cvv_length, is_expired, passes_luhn
from payments.model.pan import holds_masked_number, holds_number, may_hold_number

NUMBERS = {
    "visa": ["4111111111111111", "4012888888881881", "4222222222222", "4000000000000000006"],
    "mastercard": ["5555555555554444", "5105105105105100", "2221000000000009", "2720999999999996"],
    "amex": ["378282246310005", "341111111111111"],
    "discover": ["6011111111111117", "6445644564456445", "6500000000000002"],
    "diners": ["30569309025904", "36227206271667", "38520000023237"],
    "jcb": ["3530111333300000", "3589000000000003"],
    "unionpay": ["6200000000000005", "8171999927660000"],
    "maestro": ["6759649826438453", "500000000611", "5000550000000029", "6799990100000000019"],
    "mir": ["2200000000000004", "2204000000000000"],
}
EACH = [(number, brand) for brand, numbers in NUMBERS.items() for number in numbers]
LAST_TIME_ZONE = timezone(timedelta(hours=-12))


def completed(start: str) -> str:
    """The digits followed by their check digit."""
    return next(start + digit for digit in "0123456789" if passes_luhn(start + digit))


class TestLuhn:
    @pytest.mark.parametrize("number", [number for number, _ in EACH])
    def test_known_numbers_pass(self, number: str) -> None:
        assert passes_luhn(number)

    @given(st.text("0123456789", min_size=11, max_size=18))
    def test_exactly_one_check_digit_passes(self, start: str) -> None:
        assert [passes_luhn(start + digit) for digit in "0123456789"].count(True) == 1

    @given(st.text("0123456789", min_size=11, max_size=18), st.data())
    def test_one_wrong_digit_fails(self, start: str, data: st.DataObject) -> None:
        number = completed(start)
        place = data.draw(st.integers(0, len(number) - 1))
        wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))

        assert not passes_luhn(number[:place] + wrong + number[place + 1 :])


class TestBrand:
    @pytest.mark.parametrize(("number", "brand"), EACH)
    def test_each_range_has_its_brand(self, number: str, brand: str) -> None:
        assert brand_of(number) == brand

    @pytest.mark.parametrize(
        ("inside", "outside"),
        [
            ("2221" + "0" * 12, "2220" + "9" * 12),
            ("2720" + "9" * 12, "2721" + "0" * 12),
            ("51" + "0" * 14, "49" + "9" * 14),
            ("55" + "9" * 14, "56" + "0" * 14),
        ],
    )
    def test_the_limits_of_mastercard_are_exact(self, inside: str, outside: str) -> None:
        assert brand_of(inside) == "mastercard"
        assert brand_of(outside) != "mastercard"

    @pytest.mark.parametrize(
        ("start", "brand"),
        [("2205", None), ("2219", None), ("3527", None), ("3590", None), ("306", None), ("643", None), ("60", None)],
    )
    def test_a_number_between_the_ranges_has_no_brand(self, start: str, brand: str | None) -> None:
        assert brand_of(start.ljust(16, "0")) == brand

    @pytest.mark.parametrize("number", ["", "0", "0000000000000000", "1111111111111111", "9999999999999995", "7"])
    def test_a_number_outside_the_ranges_has_no_brand(self, number: str) -> None:
        assert brand_of(number) is None

    @pytest.mark.parametrize(
        ("number", "brand"),
        [
            ("4" + "0" * 11, None),
            ("4" + "0" * 12, "visa"),
            ("4" + "0" * 18, "visa"),
            ("4" + "0" * 19, None),
            ("5" * 15, None),
            ("5" * 17, None),
            ("37" + "0" * 12, None),
            ("37" + "0" * 14, None),
        ],
    )
    def test_the_length_must_match_the_brand(self, number: str, brand: str | None) -> None:
        assert brand_of(number) == brand

    @given(st.text("0123456789", max_size=20))
    def test_any_digits_have_a_brand_or_none(self, number: str) -> None:
        assert brand_of(number) in NUMBERS.keys() | {None}

    @pytest.mark.parametrize("brand", sorted(NUMBERS))
    def test_only_american_express_has_a_security_code_of_four_digits(self, brand: str) -> None:
        assert cvv_length(brand) == (4 if brand == "amex" else 3)


class TestNumberInGroups:
    @pytest.mark.parametrize(("number", "brand"), EACH)
    def test_a_whole_number_is_found(self, number: str, brand: str) -> None:
        assert holds_number([number])
        assert not holds_number([number[:-1] + str((int(number[-1]) + 1) % 10)])

    @pytest.mark.parametrize(("number", "brand"), EACH)
    @pytest.mark.parametrize("size", [1, 2, 4, 6])
    def test_a_number_split_into_groups_is_found_between_other_groups(self, number: str, brand: str, size: int) -> None:
        groups = [number[start : start + size] for start in range(0, len(number), size)]
        assert holds_number(["7", *groups, "12", "30"])

    @pytest.mark.parametrize("groups", [[], [""], ["4"], ["0" * 16], ["2027", "01", "31", "0042"], ["1" * 300]])
    def test_groups_without_a_number_have_none(self, groups: list[str]) -> None:
        assert not holds_number(groups)

    @given(st.text("0123456789", min_size=16, max_size=16))
    def test_a_part_of_a_group_is_not_a_number(self, run: str) -> None:
        """One in five runs of sixteen digits contains a card number: an order number must not count as one."""
        assert holds_number([run]) == bool(brand_of(run) and passes_luhn(run))


class TestExpiry:
    """A card is valid to the end of its month in the last time zone on earth."""

    @pytest.mark.parametrize(
        ("month", "year", "over"),
        [
            (1, 2027, datetime(2027, 2, 1, tzinfo=LAST_TIME_ZONE)),
            (2, 2027, datetime(2027, 3, 1, tzinfo=LAST_TIME_ZONE)),
            (2, 2028, datetime(2028, 3, 1, tzinfo=LAST_TIME_ZONE)),
            (11, 2027, datetime(2027, 12, 1, tzinfo=LAST_TIME_ZONE)),
            (12, 2027, datetime(2028, 1, 1, tzinfo=LAST_TIME_ZONE)),
        ],
    )
    def test_a_card_expires_at_the_exact_time(self, month: int, year: int, over: datetime) -> None:
        assert not is_expired(month, year, over - timedelta(microseconds=1))
        assert is_expired(month, year, over)

    def test_in_utc_a_card_expires_at_noon_of_the_next_month(self) -> None:
        assert not is_expired(12, 2027, datetime(2028, 1, 1, 11, 59, 59, tzinfo=UTC))
        assert is_expired(12, 2027, datetime(2028, 1, 1, 12, 0, tzinfo=UTC))

    @pytest.mark.parametrize("hours", [-12, -5, 0, 5.5, 14])
    def test_the_time_zone_of_the_clock_does_not_matter(self, hours: float) -> None:
        zone = timezone(timedelta(hours=hours))
        over = datetime(2028, 1, 1, 12, tzinfo=UTC).astimezone(zone)

        assert is_expired(12, 2027, over)
        assert not is_expired(12, 2027, over - timedelta(seconds=1))


class TestSecrecy:
    CARD = Card("4111111111111111", "907", "12", "2027")

    def test_the_text_of_a_card_has_neither_number_nor_cvv(self) -> None:
        text = f"{self.CARD} {self.CARD!r} {[self.CARD]} {self.CARD.facts}"

        assert not [secret for secret in ("411111", "907") if secret in text]

    def test_the_facts_are_the_part_that_may_be_stored(self) -> None:
        assert self.CARD.facts == CardFacts("visa", "1111", "12", "2027")

    def test_a_card_of_an_unknown_brand_has_facts(self) -> None:
        assert Card("0" * 16, "907", "12", "2027").facts.brand == "unknown"


SEPARATORS = ("-", " ", ".", "_", "- ", "/", ",", ":", "--", "---", " \u2013 ", "\u00a0", "\u200b")


SHORTEST = "500000000124"  # twelve digits, as some cards of Maestro have


@pytest.mark.parametrize("number", [number for numbers in NUMBERS.values() for number in numbers])
class TestNumberInText:
    """A card number anywhere in a text."""

    def test_a_number_is_found_with_any_text_around_it(self, number: str) -> None:
        assert all(may_hold_number(text) for text in (number, f"order-{number}", f"x{number}y", f"{number}._"))

    def test_a_number_is_found_with_separators_between_its_digits(self, number: str) -> None:
        assert all(may_hold_number(separator.join(number)) for separator in SEPARATORS)

    def test_a_number_is_found_in_a_longer_run(self, number: str) -> None:
        assert may_hold_number("0" * 20 + number)
        assert may_hold_number(number + "0" * 20)


def test_the_shortest_number_is_found_in_a_longer_run_that_has_no_other() -> None:
    assert may_hold_number(SHORTEST + "10001000")


@pytest.mark.parametrize("text", ["", "12524AGSDF34DS", "20261101123456", "FS0186280974141637", "4111111111111112"])
def test_a_text_without_a_number_has_none(text: str) -> None:
    assert not may_hold_number(text)


@pytest.mark.parametrize("mask", ["X", "x", "*", "\u2022", "#", "."])
def test_a_masked_number_is_found(mask: str) -> None:
    """Its first six digits are more than may be stored."""
    for text in (f"411111{6 * mask}1111", f"order-4111 11{2 * mask} {4 * mask} 1111", f"41111111{4 * mask}1111"):
        assert holds_masked_number(text)


@pytest.mark.parametrize("text", ["", "1111", "visa 1111", "12524AGSDF34DS", "order-1001", "XXXX", "2027-01-31"])
def test_a_text_without_a_masked_number_has_none(text: str) -> None:
    assert not holds_masked_number(text)
