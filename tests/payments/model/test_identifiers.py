"""The id of a payment is its caller and key, and nobody else's; a caller is a principal, not a session."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model.identifiers import attempt_of, caller_of, is_order_id, is_payment_id, orphan_id_of, payment_id_of
from tests.fakes import samples

ROLE = "arn:aws:sts::123456789012:assumed-role/shop"
texts = st.text(st.characters(codec="utf-8"), max_size=20)


class TestPaymentId:
    def test_is_a_function_of_caller_and_key(self) -> None:
        assert payment_id_of("caller", "key") == payment_id_of("caller", "key")

    def test_stays_what_it_was_for_it_is_the_idempotency_record(self) -> None:
        """A changed function would charge every retry that spans the deploy a second time."""
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
    def test_no_other_pair_has_it(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert payment_id_of(*one) != payment_id_of(*other)

    @given(st.tuples(texts, texts), st.tuples(texts, texts))
    def test_whatever_the_pairs(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        assert (payment_id_of(*one) == payment_id_of(*other)) is (one == other)

    @given(texts, texts, st.integers(0, 40))
    def test_moving_the_border_between_caller_and_key_makes_another(self, caller: str, key: str, border: int) -> None:
        both = caller + key
        moved = (both[:border], both[border:])

        assert (payment_id_of(*moved) == payment_id_of(caller, key)) is (moved == (caller, key))

    @given(texts, texts)
    def test_has_the_form_of_an_id_and_tells_nothing_of_the_key(self, caller: str, key: str) -> None:
        payment_id = payment_id_of(caller, key)

        assert is_payment_id(payment_id)
        assert len(payment_id) == 30

    @pytest.mark.parametrize(
        "text",
        ["", "pay_", "pay_" + "a" * 25, "pay_" + "a" * 27, "pay_" + "A" * 26, "pay_" + "a" * 25 + "1", "order#1"],
    )
    def test_nothing_else_has_the_form(self, text: str) -> None:
        assert not is_payment_id(text)
        assert not is_payment_id("pay_" + "a" * 26 + "\n")


class TestOrphanId:
    def test_is_a_function_of_the_transaction(self) -> None:
        """A changed function would adopt every orphan a second time."""
        assert orphan_id_of("PA1") == "pay_rvl4gxjdrbarbuvalmj64mxr7w"
        assert is_payment_id(orphan_id_of("PA1"))
        assert orphan_id_of("PA1") != orphan_id_of("PA2")

    @given(st.text())
    def test_no_caller_can_have_it(self, key: str) -> None:
        assert payment_id_of(samples.CALLER, key.encode(errors="replace").decode()) != orphan_id_of("PA1")


class TestAttempt:
    @given(st.from_regex(r"[A-Za-z0-9._-]{3,64}", fullmatch=True), st.integers(1, 99_999))
    def test_a_payments_own_word_leads_back_to_it(self, order_id: str, nth: int) -> None:
        told = samples.payment(order_id=order_id, attempt=nth).wire_order_id
        assert attempt_of(told) == (None if order_id.startswith("pay_") else (order_id, nth))

    @pytest.mark.parametrize(
        "told", ["", "ab", "pay_abc", "x" * 65, "a b", "order~", "order~1", "order~02", "order~2~3"]
    )
    def test_any_other_leads_nowhere(self, told: str) -> None:
        assert attempt_of(told) is None

    @given(st.text())
    def test_total(self, told: str) -> None:
        attempt = attempt_of(told)
        assert attempt is None or is_order_id(attempt[0])


class TestCaller:
    @pytest.mark.parametrize("session", ["session", "i-0abc", "user@example.com", "a/b", ""])
    def test_an_assumed_role_is_the_role_whichever_instance_holds_it(self, session: str) -> None:
        assert caller_of(f"{ROLE}/{session}") == ROLE

    @pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
    def test_in_every_partition(self, partition: str) -> None:
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
    def test_any_other_principal_is_itself(self, arn: str) -> None:
        assert caller_of(arn) == arn

    def test_two_roles_and_two_accounts_are_two_callers(self) -> None:
        callers = {
            caller_of(f"arn:aws:sts::{account}:assumed-role/{role}/s")
            for account in ("1" * 12, "2" * 12)
            for role in ("a", "b", "a-b")
        }
        assert len(callers) == 6

    @given(st.text())
    def test_total(self, arn: str) -> None:
        assert arn.startswith(caller_of(arn))
