"""Identifiers: one payment id for each key and mode, and one caller for each principal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model.identifiers import (
    attempt_of,
    caller_of,
    is_order_id,
    is_payment_id,
    orphan_id_of,
    payment_id_of,
    refund_request_id_of,
)
from tests.fakes import samples

ROLE = "arn:aws:sts::123456789012:assumed-role/shop"
texts = st.text(st.characters(codec="utf-8"), max_size=20)


class TestPaymentId:
    @pytest.mark.parametrize(
        ("live", "payment_id"), [(True, "pay_ycd4f6mkfto5lksegboiigsri3"), (False, "pay_zgj4gw7siu2hhpupjzwozxh6qx")]
    )
    def test_the_function_never_changes(self, live: bool, payment_id: str) -> None:  # noqa: FBT001
        """A changed function would charge again for every retry that comes after the deploy."""
        assert payment_id_of("key-1", live=live) == payment_id

    @given(texts, texts, st.booleans(), st.booleans())
    def test_any_other_key_or_mode_has_another_id(self, one: str, other: str, live: bool, also: bool) -> None:  # noqa: FBT001
        is_same = (one, live) == (other, also)
        assert (payment_id_of(one, live=live) == payment_id_of(other, live=also)) is is_same

    @given(texts, st.booleans())
    def test_it_has_the_form_of_a_payment_id(self, key: str, live: bool) -> None:  # noqa: FBT001
        payment_id = payment_id_of(key, live=live)

        assert is_payment_id(payment_id)
        assert len(payment_id) == 30

    @pytest.mark.parametrize(
        "text",
        ["", "pay_", "pay_" + "a" * 25, "pay_" + "a" * 27, "pay_" + "A" * 26, "pay_" + "a" * 25 + "1", "order#1"],
    )
    def test_no_other_text_has_the_form(self, text: str) -> None:
        assert not is_payment_id(text)
        assert not is_payment_id("pay_" + "a" * 26 + "\n")


class TestOrphanId:
    def test_it_is_a_function_of_the_transaction_id_and_the_mode(self) -> None:
        """A changed function would adopt every orphan again."""
        assert orphan_id_of("PA1", live=True) == "pay_vt72fx4t4eht2hnaxdnycswbnj"
        assert is_payment_id(orphan_id_of("PA1", live=True))
        assert len({orphan_id_of(name, live=live) for name in ("PA1", "PA2") for live in (True, False)}) == 4

    @given(texts, texts, st.booleans(), st.booleans())
    def test_no_key_leads_to_it(self, key: str, transaction_id: str, live: bool, also: bool) -> None:  # noqa: FBT001
        assert payment_id_of(key, live=live) != orphan_id_of(transaction_id, live=also)


class TestRefundRequestId:
    def test_the_function_never_changes(self) -> None:
        """A changed function would refund again for a retry after the deploy, if the first one failed."""
        assert refund_request_id_of("pay_" + "a" * 26, "refund-1") == "rf_avzp3oqnpaqjifhfkpadqjwmxi"

    @given(st.tuples(texts, st.booleans(), texts), st.tuples(texts, st.booleans(), texts))
    def test_it_is_one_for_each_payment_and_key(self, one: tuple[str, bool, str], other: tuple[str, bool, str]) -> None:
        ids = [refund_request_id_of(payment_id_of(paid, live=live), key) for paid, live, key in (one, other)]
        assert (ids[0] == ids[1]) is (one == other)


class TestAttempt:
    @given(st.from_regex(r"[A-Za-z0-9._-]{3,64}", fullmatch=True), st.integers(1, 99_999))
    def test_a_wire_order_id_leads_back_to_its_attempt(self, order_id: str, nth: int) -> None:
        wire_order_id = samples.payment(order_id=order_id, attempt=nth).wire_order_id
        assert attempt_of(wire_order_id) == (None if order_id.startswith("pay_") else (order_id, nth))

    @pytest.mark.parametrize(
        "wire_order_id", ["", "ab", "pay_abc", "x" * 65, "a b", "order~", "order~1", "order~02", "order~2~3"]
    )
    def test_any_other_text_leads_to_none(self, wire_order_id: str) -> None:
        assert attempt_of(wire_order_id) is None

    @given(st.text())
    def test_any_text_is_an_attempt_or_none(self, wire_order_id: str) -> None:
        attempt = attempt_of(wire_order_id)
        assert attempt is None or is_order_id(attempt[0])


class TestCaller:
    @pytest.mark.parametrize("session", ["session", "i-0abc", "user@example.com", "a/b", ""])
    def test_an_assumed_role_is_the_role_in_every_session(self, session: str) -> None:
        assert caller_of(f"{ROLE}/{session}") == ROLE

    def test_a_colon_in_the_session_name_makes_no_other_caller(self) -> None:
        assert caller_of(f"{ROLE}/a:b") == caller_of(f"{ROLE}/a:b:c") == ROLE

    @pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
    def test_an_assumed_role_is_the_role_in_every_partition(self, partition: str) -> None:
        role = ROLE.replace("arn:aws:", f"arn:{partition}:")
        assert caller_of(f"{role}/session") == role

    @pytest.mark.parametrize(
        "arn",
        [
            "arn:aws:iam::123456789012:user/shop",
            "arn:aws:iam::123456789012:user/team/shop",
            "arn:aws:iam::123456789012:root",
            "arn:aws:iam::123456789012:role/assumed-role/x/y",
            "arn:aws:sts::123456789012:federated-user/shop",
            "AROAEXAMPLE:session",
            "",
        ],
    )
    def test_any_other_principal_is_unchanged(self, arn: str) -> None:
        assert caller_of(arn) == arn

    def test_each_role_of_each_account_is_one_caller(self) -> None:
        callers = {
            caller_of(f"arn:aws:sts::{account}:assumed-role/{role}/s")
            for account in ("1" * 12, "2" * 12)
            for role in ("a", "b", "a-b")
        }
        assert len(callers) == 6

    @given(st.text())
    def test_any_text_becomes_itself_or_its_beginning(self, arn: str) -> None:
        assert arn.startswith(caller_of(arn))
