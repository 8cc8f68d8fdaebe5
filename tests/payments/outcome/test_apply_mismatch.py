"""A transaction that contradicts the payment never succeeds; it needs review when money may have moved."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.status_words import VERDICTS
from payments.model.integrity import mismatched_fields
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.samples import transaction
from tests.payments.outcome.transactions import FLAGS, MISMATCHES, STATUS_WORDS, applied


class TestMismatch:
    @pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=list(MISMATCHES))
    @pytest.mark.parametrize("raw_status", [*STATUS_WORDS, "ON_HOLD"])
    def test_an_open_payment_needs_review_under_any_status_word(self, wrong: dict[str, Any], raw_status: str) -> None:
        after = applied(samples.payment(), transaction(raw_status, **wrong))

        (name,) = wrong
        assert after.status is Status.NEEDS_REVIEW
        assert after.failure is not None
        assert after.failure.code == "integrity_mismatch"
        assert name in after.failure.message
        assert after.history[-1].evidence["mismatch"] == name

    @pytest.mark.parametrize("raw_status", STATUS_WORDS)
    def test_another_transaction_id_needs_review_once_one_is_known(self, raw_status: str) -> None:
        pending = applied(samples.payment(), transaction("PENDING"))
        after = applied(pending, transaction(raw_status, transaction_id="PA9999999999999999"))

        assert after.status is Status.NEEDS_REVIEW
        assert after.transaction_id == samples.TRANSACTION_ID

    @pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=list(MISMATCHES))
    @pytest.mark.parametrize("first", ["FAILED", "BLOCKED", "ABANDONED"])
    def test_a_late_success_with_a_mismatch_needs_review_and_is_no_success(
        self, wrong: dict[str, Any], first: str
    ) -> None:
        failed = applied(samples.payment(), transaction(first))

        assert applied(failed, transaction("SUCCESS", **wrong)).status is Status.NEEDS_REVIEW
        assert applied(failed, transaction("FAILED", **wrong)) is failed

    @pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=list(MISMATCHES))
    @pytest.mark.parametrize("flag", FLAGS)
    def test_a_succeeded_payment_does_not_change(self, wrong: dict[str, Any], flag: str) -> None:
        paid = applied(samples.payment(), transaction("SUCCESS"))

        assert applied(paid, transaction("SUCCESS", **wrong, **{flag: True})) is paid

    @pytest.mark.parametrize("then", STATUS_WORDS)
    def test_the_next_transaction_does_not_end_the_review(self, then: str) -> None:
        in_review = applied(samples.payment(), transaction("SUCCESS", amount=Decimal(1)))

        assert applied(in_review, transaction(then)).status is Status.NEEDS_REVIEW

    def test_every_mismatched_field_is_named(self) -> None:
        wrong = transaction("SUCCESS", amount=Decimal(1), currency="EUR", order_id="x", transaction_id="PA9")
        pending = applied(samples.payment(), transaction("PENDING"))

        assert mismatched_fields(pending, wrong) == ("amount", "currency", "order_id", "transaction_id")

    @pytest.mark.parametrize("name", ["amount", "currency"])
    @pytest.mark.parametrize("raw_status", STATUS_WORDS)
    def test_a_success_without_amount_or_currency_needs_review(self, name: str, raw_status: str) -> None:
        after = applied(samples.payment(), transaction(raw_status, **{name: None}))

        assert after.status is (Status.NEEDS_REVIEW if raw_status == "SUCCESS" else VERDICTS[raw_status])

    def test_a_missing_order_id_is_no_mismatch(self) -> None:
        """The gateway's documentation has samples with null."""
        assert applied(samples.payment(), transaction("SUCCESS", order_id=None)).status is Status.SUCCEEDED

    @given(
        st.lists(st.tuples(st.sampled_from(STATUS_WORDS), st.sampled_from([{}, *MISMATCHES.values()])), max_size=10),
    )
    def test_no_sequence_of_transactions_succeeds_with_a_mismatch(
        self, sequence: list[tuple[str, dict[str, Any]]]
    ) -> None:
        payment = samples.payment()
        for raw_status, wrong in sequence:
            after = applied(payment, transaction(raw_status, **wrong))
            if wrong and payment.status is not Status.SUCCEEDED:
                assert after.status is not Status.SUCCEEDED
            payment = after

    @pytest.mark.parametrize("amount", [Decimal("100.000"), Decimal("1E+2"), Decimal(100)])
    def test_an_amount_is_compared_by_value_and_not_by_notation(self, amount: Decimal) -> None:
        assert applied(samples.payment(), transaction("SUCCESS", amount=amount)).status is Status.SUCCEEDED
