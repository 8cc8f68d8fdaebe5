"""A row of the transaction list is parsed completely or is unreadable; it never raises and shows no card data."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.envelope import Dialect
from payments.gateway.transaction_list import row_of
from payments.model.status import Status
from payments.reconciliation.transaction_list import ListedRow, UnreadableRow
from tests.fakes import samples
from tests.fakes.transaction_list import MINOR, row

CARD = "4111111111111111"
NOW = datetime(2027, 3, 10, tzinfo=UTC)


def read(**changes: Any) -> ListedRow | UnreadableRow:
    return row_of(row(**changes), MINOR, NOW)


def readable(**changes: Any) -> ListedRow:
    listed = read(**changes)
    assert isinstance(listed, ListedRow), listed
    return listed


class TestRow:
    def test_a_row_has_the_facts_of_a_status_answer(self) -> None:
        listed = readable(refund_date="2027-02-01T08:00:00.000Z", chargeback_date="2027-03-01T08:00:00+02:00")
        transaction = listed.transaction
        assert (transaction.raw_status, transaction.verdict) == ("SUCCESS", Status.SUCCEEDED)
        assert (transaction.transaction_id, transaction.order_id) == (samples.TRANSACTION_ID, samples.ORDER_ID)
        assert (transaction.amount, transaction.currency) == (Decimal(100), "GBP")
        assert (transaction.refunded, transaction.refunded_at) == (True, datetime(2027, 2, 1, 8, tzinfo=UTC))
        assert (transaction.charged_back, transaction.charged_back_at) == (True, datetime(2027, 3, 1, 6, tzinfo=UTC))
        assert listed.created_at == datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
        assert listed.suspicious_at is None

    @pytest.mark.parametrize("amount", ["100", 100, Decimal(100), "100.00", "1E+2", Decimal("100.0")], ids=repr)
    def test_an_amount_can_be_a_string_or_a_number(self, amount: Any) -> None:
        assert readable(amount=amount).transaction.amount == 100

    @pytest.mark.parametrize(
        ("currency", "amount", "minor"), [("GBP", "1.99", 199), ("JPY", "5", 5), ("KWD", "1", 1000)]
    )
    def test_an_amount_has_the_unit_of_the_account(self, currency: str, amount: str, minor: int) -> None:
        listed = row_of(row(currency=currency, amount=amount), Dialect("major", "alpha-2"), NOW)
        assert isinstance(listed, ListedRow)
        assert listed.transaction.amount == minor

    def test_an_unknown_status_word_has_no_verdict(self) -> None:
        transaction = readable(status="ON_HOLD").transaction
        assert (transaction.raw_status, transaction.verdict) == ("ON_HOLD", None)

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    @pytest.mark.parametrize("value", [None, "", False])
    def test_an_empty_date_is_no_date(self, name: str, value: Any) -> None:
        listed = readable(**{name: value})
        assert (listed.transaction.refunded, listed.transaction.charged_back, listed.suspicious_at) == (
            False,
            False,
            None,
        )

    @pytest.mark.parametrize(
        "text", ["2027-02-01", "2027-02-01 00:00:00", "2027-02-01T00:00:00Z", "2027-02-01T00:00:00.0"]
    )
    def test_a_date_without_a_time_zone_is_in_utc(self, text: str) -> None:
        assert readable(suspicious_date=text).suspicious_at == datetime(2027, 2, 1, tzinfo=UTC)

    @pytest.mark.parametrize("value", [None, 17, "yesterday", "0001-01-01T00:00:00+14:00", {}])
    def test_an_invalid_creation_date_is_none(self, value: Any) -> None:
        assert readable(created_at=value).created_at is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"transaction_id": None},
            {"transaction_id": ""},
            {"transaction_id": 17},
            {"transaction_id": "PA 1"},
            {"transaction_id": "PA1\n"},
            {"transaction_id": "x" * 65},
            {"transaction_id": CARD},
            {"transaction_id": "4111-1111-1111-1111"},
            {"transaction_id": "4111_1111_1111_1111"},
            {"transaction_id": "41111111XXXX1111"},
            {"transaction_id": "PA411111xxxxxx1111"},
            {"status": None},
            {"status": 1},
            {"status": ["SUCCESS"]},
            {"amount": None},
            {"amount": ""},
            {"amount": "1_00"},
            {"amount": " 100"},
            {"amount": "NaN"},
            {"amount": "Infinity"},
            {"amount": True},
            {"amount": [100]},
            {"amount": "9" * 50},
            {"amount": "1e999"},
            {"amount": CARD},
            {"amount": int(CARD)},
            {"currency": None},
            {"currency": "gbp"},
            {"currency": "XXX"},
            {"currency": ["GBP"]},
            {"refund_date": "soon"},
            {"refund_date": 1},
            {"chargeback_date": True},
            {"suspicious_date": {"date": "2027-01-01"}},
            {"suspicious_date": "0000-00-00 00:00:00"},
        ],
        ids=repr,
    )
    def test_a_row_with_one_invalid_field_is_unreadable(self, changes: dict[str, Any]) -> None:
        assert isinstance(read(**changes), UnreadableRow)

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    @pytest.mark.parametrize("created_at", ["2027-01-31T09:30:00Z", None])
    @pytest.mark.parametrize(
        "value", ["0001-01-01T00:00:00Z", "1970-01-01", "2014-12-31T23:59:59Z", "2999-12-31", "2027-03-11T00:00:01Z"]
    )
    def test_an_impossible_date_makes_the_row_unreadable(self, name: str, created_at: str | None, value: str) -> None:
        unreadable = read(created_at=created_at, **{name: value})
        assert unreadable == UnreadableRow(f"its {name} cannot be", samples.TRANSACTION_ID)

    @pytest.mark.parametrize("name", ["refund_date", "chargeback_date", "suspicious_date"])
    def test_a_date_more_than_a_day_before_the_creation_is_impossible(self, name: str) -> None:
        assert isinstance(read(**{name: "2027-01-30T09:29:59Z"}), UnreadableRow)
        assert isinstance(read(**{name: "2027-01-31"}), ListedRow), "the date may be without a time, or in another zone"

    def test_a_date_less_than_a_day_in_the_future_is_possible(self) -> None:
        assert isinstance(read(refund_date="2027-03-10T23:59:59Z"), ListedRow)

    @pytest.mark.parametrize("value", [None, 17, "x", [], [row()], True])
    def test_a_row_that_is_not_an_object_is_unreadable(self, value: Any) -> None:
        assert isinstance(row_of(value, MINOR, NOW), UnreadableRow)

    def test_the_reason_names_the_field_and_does_not_quote_it(self) -> None:
        unreadable = read(amount=f"card {CARD}")
        assert unreadable == UnreadableRow("it has no amount", samples.TRANSACTION_ID)

    @pytest.mark.parametrize("name", ["status", "order_id"])
    def test_a_card_number_in_a_text_is_hidden(self, name: str) -> None:
        listed = readable(**{name: f"SUCCESS {CARD} 4111 1111 1111 1111"})
        assert CARD not in f"{listed.transaction.raw_status}{listed.order_id}"
        assert "1111 1111" not in f"{listed.transaction.raw_status}{listed.order_id}"

    @pytest.mark.parametrize("mark", ["", " ", "_", "/", ",", ":", "-", "--", "---", "~", "#", ";", "\u2013"])
    @pytest.mark.parametrize("name", ["status", "order_id"])
    def test_a_card_number_with_separators_is_hidden(self, name: str, mark: str) -> None:
        listed = readable(**{name: mark.join(["4111"] * 1 + ["1111"] * 3)})
        assert "1111" not in f"{listed.transaction.raw_status}{listed.order_id}"

    @pytest.mark.parametrize("text", ["411111XXXXXX1111", "4111-11**-****-1111", "James Dean", "jane@example.com"])
    @pytest.mark.parametrize("name", ["status", "order_id"])
    def test_a_masked_card_number_and_personal_data_are_hidden(self, name: str, text: str) -> None:
        listed = readable(**{name: text})
        assert (listed.transaction.raw_status, listed.order_id) == (
            ("(unknown)", samples.ORDER_ID) if name == "status" else ("SUCCESS", "(not shown)")
        )

    @pytest.mark.parametrize("order_id", ["order-1", "1001", "#1001", "a/b~2", "pay_x.y", "2026-11-01-0001"])
    def test_a_well_formed_order_id_is_shown_unchanged(self, order_id: str) -> None:
        assert readable(order_id=order_id).order_id == order_id

    @pytest.mark.parametrize(("order_id", "shown"), [(None, None), ("", None), (1001, "1001"), ([1], "(not shown)")])
    def test_another_order_id_is_hidden_and_a_missing_one_is_none(self, order_id: Any, shown: str | None) -> None:
        assert readable(order_id=order_id).order_id == shown

    @pytest.mark.parametrize("word", ["ON_HOLD", "refunded", "Partially-Refunded"])
    def test_a_status_of_one_word_is_shown_unchanged(self, word: str) -> None:
        assert readable(status=word).transaction.raw_status == word

    @pytest.mark.parametrize("order_id", ["\ud800", "\x00\x1b[31m", "é" * 500, "=1+1", "a\nb"])
    def test_an_order_id_is_shown_short_and_printable(self, order_id: str) -> None:
        shown = readable(order_id=order_id).order_id or ""
        assert len(shown) <= 64
        shown.encode()
        assert not [each for each in shown if each < " "]

    def test_card_and_customer_fields_are_never_read(self) -> None:
        listed = readable(card_number=CARD, card_type=CARD, card_cvv="123", customer={"email": "jane@example.com"})
        assert CARD not in repr(listed)
        assert "jane" not in repr(listed)


# No JSON parser returns a signalling NaN, and comparing one raises.
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals().filter(lambda n: not n.is_snan()) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted(row())


@given(st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_no_row_raises(junk: dict[str, Any]) -> None:
    assert isinstance(row_of({**row(), **junk}, MINOR, NOW), ListedRow | UnreadableRow)
