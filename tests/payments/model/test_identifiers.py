"""Identifiers: one payment id for each caller and key, and one caller for each principal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model.identifiers import attempt_of, caller_of, is_order_id, is_payment_id, orphan_id_of, payment_id_of
from tests.fakes import samples

ROLE = "arn:aws:sts::123456789012:assumed-role/shop"
texts = st.text(st.characters(codec="utf-8"), max_size=20)


class TestPaymentId:
    def test_it_is_a_function_of_caller_and_key(self) -> None:
        assert payment_id_of("caller", "key") == payment_id_of("caller", "key")

    def test_the_function_never_changes(self) -> None:
        """A changed function would charge again for every retry that comes after the deploy."""
        assert payment_id_of("arn:aws:iam::123456789012:role/shop", "key-1") == "pay_dkb2lyxucvxdcfnmykfpwn6ryx"

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (("a", "bc"), ("ab", "c")),
            (("a", ""), ("", "a")),
            (("1", "1:1"), ("11", ":1")),
            (("a:1", "b"), ("a", "1:b")),
            (("1:a", "b"), ("1", "a1:b")),
            (("a", "b"), ("b", "a")),
            (("a", "b"), ("a", "B")),
            (("a", "b"), ("a", "b ")),
            (("é", "x"), ("e\u0301", "x")),
        ],
    )
    def test_another_pair_has_another_id(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert payment_id_of(*one) != payment_id_of(*other)

    @given(st.tuples(texts, texts), st.tuples(texts, texts))
    def test_any_two_pairs_have_two_ids(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert (payment_id_of(*one) == payment_id_of(*other)) is (one == other)

    @given(texts, texts, st.integers(0, 40))
    def test_moving_the_border_between_caller_and_key_changes_it(self, caller: str, key: str, border: int) -> None:
        both = caller + key
        moved = (both[:border], both[border:])

        assert (payment_id_of(*moved) == payment_id_of(caller, key)) is (moved == (caller, key))

    @given(texts, texts)
    def test_it_has_the_form_of_a_payment_id(self, caller: str, key: str) -> None:
        payment_id = payment_id_of(caller, key)

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
    def test_it_is_a_function_of_the_transaction_id(self) -> None:
        """A changed function would adopt every orphan again."""
        assert orphan_id_of("PA1") == "pay_rvl4gxjdrbarbuvalmj64mxr7w"
        assert is_payment_id(orphan_id_of("PA1"))
        assert orphan_id_of("PA1") != orphan_id_of("PA2")

    @given(st.text())
    def test_no_caller_can_get_it(self, key: str) -> None:
        assert payment_id_of(samples.CALLER, key.encode(errors="replace").decode()) != orphan_id_of("PA1")


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
