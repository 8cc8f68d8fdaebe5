"""What can be told from a card's number, to the minute in which it expires."""

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
    """The digits with their check digit."""
    return next(start + digit for digit in "0123456789" if passes_luhn(start + digit))


class TestLuhn:
    @pytest.mark.parametrize("number", [number for number, _ in EACH])
    def test_known_numbers_pass(self, number: str) -> None:
        assert passes_luhn(number)

    @given(st.text("0123456789", min_size=11, max_size=18))
    def test_one_check_digit_fits_and_nine_do_not(self, start: str) -> None:
        assert [passes_luhn(start + digit) for digit in "0123456789"].count(True) == 1

    @given(st.text("0123456789", min_size=11, max_size=18), st.data())
    def test_a_mistyped_digit_is_noticed(self, start: str, data: st.DataObject) -> None:
        number = completed(start)
        place = data.draw(st.integers(0, len(number) - 1))
        wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))

        assert not passes_luhn(number[:place] + wrong + number[place + 1 :])


class TestBrand:
    @pytest.mark.parametrize(("number", "brand"), EACH)
    def test_is_known_from_the_range(self, number: str, brand: str) -> None:
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
    def test_mastercard_ends_where_it_ends(self, inside: str, outside: str) -> None:
        assert brand_of(inside) == "mastercard"
        assert brand_of(outside) != "mastercard"

    @pytest.mark.parametrize(
        ("start", "brand"),
        [("2205", None), ("2219", None), ("3527", None), ("3590", None), ("306", None), ("643", None), ("60", None)],
    )
    def test_a_gap_between_ranges_has_none(self, start: str, brand: str | None) -> None:
        assert brand_of(start.ljust(16, "0")) == brand

    @pytest.mark.parametrize("number", ["", "0", "0000000000000000", "1111111111111111", "9999999999999995", "7"])
    def test_a_number_of_nobody_has_none(self, number: str) -> None:
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
    def test_the_length_must_fit(self, number: str, brand: str | None) -> None:
        assert brand_of(number) == brand

    @given(st.text("0123456789", max_size=20))
    def test_total(self, number: str) -> None:
        assert brand_of(number) in NUMBERS.keys() | {None}

    @pytest.mark.parametrize("brand", sorted(NUMBERS))
    def test_only_american_express_has_four_digits_on_the_front(self, brand: str) -> None:
        assert cvv_length(brand) == (4 if brand == "amex" else 3)


class TestANumberInAText:
    @pytest.mark.parametrize(("number", "brand"), EACH)
    def test_is_found_whole(self, number: str, brand: str) -> None:
        assert holds_number([number])
        assert not holds_number([number[:-1] + str((int(number[-1]) + 1) % 10)])

    @pytest.mark.parametrize(("number", "brand"), EACH)
    @pytest.mark.parametrize("size", [1, 2, 4, 6])
    def test_is_found_in_groups_with_others_around_it(self, number: str, brand: str, size: int) -> None:
        groups = [number[start : start + size] for start in range(0, len(number), size)]
        assert holds_number(["7", *groups, "12", "30"])

    @pytest.mark.parametrize("groups", [[], [""], ["4"], ["0" * 16], ["2027", "01", "31", "0042"], ["1" * 300]])
    def test_is_not_found_where_there_is_none(self, groups: list[str]) -> None:
        assert not holds_number(groups)

    @given(st.text("0123456789", min_size=16, max_size=16))
    def test_is_a_run_of_its_own_and_no_part_of_another(self, run: str) -> None:
        """Every fifth run of sixteen digits has a card's number somewhere in it: an order's number must not."""
        assert holds_number([run]) == bool(brand_of(run) and passes_luhn(run))


class TestExpiry:
    """Good to the end of its month in the last time zone on earth."""

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
    def test_to_the_second(self, month: int, year: int, over: datetime) -> None:
        assert not is_expired(month, year, over - timedelta(microseconds=1))
        assert is_expired(month, year, over)

    def test_in_utc_that_is_noon_of_the_next_month(self) -> None:
        assert not is_expired(12, 2027, datetime(2028, 1, 1, 11, 59, 59, tzinfo=UTC))
        assert is_expired(12, 2027, datetime(2028, 1, 1, 12, 0, tzinfo=UTC))

    @pytest.mark.parametrize("hours", [-12, -5, 0, 5.5, 14])
    def test_the_clocks_own_zone_is_no_matter(self, hours: float) -> None:
        zone = timezone(timedelta(hours=hours))
        over = datetime(2028, 1, 1, 12, tzinfo=UTC).astimezone(zone)

        assert is_expired(12, 2027, over)
        assert not is_expired(12, 2027, over - timedelta(seconds=1))


class TestSecrecy:
    CARD = Card("4111111111111111", "907", "12", "2027")

    def test_a_card_shows_neither_number_nor_code(self) -> None:
        shown = f"{self.CARD} {self.CARD!r} {[self.CARD]} {self.CARD.facts}"

        assert not [secret for secret in ("411111", "907") if secret in shown]

    def test_its_facts_are_what_may_be_kept(self) -> None:
        assert self.CARD.facts == CardFacts("visa", "1111", "12", "2027")

    def test_a_card_of_nobody_has_facts_too(self) -> None:
        assert Card("0" * 16, "907", "12", "2027").facts.brand == "unknown"


MARKS = ("-", " ", ".", "_", "- ", "/", ",", ":", "--", "---", " \u2013 ", "\u00a0", "\u200b")


@pytest.mark.parametrize("number", [number for numbers in NUMBERS.values() for number in numbers])
class TestHidden:
    """A number in a text that somebody else wrote."""

    def test_a_number_is_found_whatever_stands_around_it(self, number: str) -> None:
        assert all(may_hold_number(text) for text in (number, f"order-{number}", f"x{number}y", f"{number}._"))

    def test_and_between_its_digits(self, number: str) -> None:
        assert all(may_hold_number(mark.join(number)) for mark in MARKS)

    def test_and_in_a_longer_run(self, number: str) -> None:
        assert may_hold_number("0" * 20 + number)
        assert may_hold_number(number + "0" * 20)


@pytest.mark.parametrize("text", ["", "12524AGSDF34DS", "20261101123456", "FS0186280974141637", "4111111111111112"])
def test_what_holds_none_holds_none(text: str) -> None:
    assert not may_hold_number(text)


@pytest.mark.parametrize("mask", ["X", "x", "*", "\u2022", "#", "."])
def test_a_masked_number_is_found(mask: str) -> None:
    """Six digits in front are more than may be kept."""
    for text in (f"411111{6 * mask}1111", f"order-4111 11{2 * mask} {4 * mask} 1111", f"41111111{4 * mask}1111"):
        assert holds_masked_number(text)


@pytest.mark.parametrize("text", ["", "1111", "visa 1111", "12524AGSDF34DS", "order-1001", "XXXX", "2027-01-31"])
def test_what_is_no_masked_number_is_none(text: str) -> None:
    assert not holds_masked_number(text)
