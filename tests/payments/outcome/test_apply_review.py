"""Applies transactions to a payment in review, and to one that a person has decided on."""

from decimal import Decimal
from typing import Any

import pytest

from payments.model.history import REVIEW_CODES, Failure, Source
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.apply import apply
from tests.fakes import samples
from tests.fakes.samples import transaction
from tests.payments.outcome.transactions import FLAGS, LATER, MISMATCHES, SOURCES, STATUS_WORDS, applied


class TestReview:
    """Only a person ends a review that reconciliation has opened; the gateway's next transaction does not."""

    def reviewed(self, code: str) -> Payment:
        paid = applied(samples.payment(), transaction("PENDING"))
        return paid.transition_to(
            Status.NEEDS_REVIEW, at=LATER, source="reconciliation", evidence={}, failure=Failure(code, "check it")
        )

    @pytest.mark.parametrize("code", sorted(REVIEW_CODES))
    @pytest.mark.parametrize("then", STATUS_WORDS)
    def test_the_next_transaction_does_not_end_it(self, code: str, then: str) -> None:
        reviewed = self.reviewed(code)
        assert applied(reviewed, transaction(then)) is reviewed

    @pytest.mark.parametrize("code", sorted(REVIEW_CODES))
    @pytest.mark.parametrize("flag", FLAGS)
    def test_refunds_and_chargebacks_are_still_recorded(self, code: str, flag: str) -> None:
        after = applied(self.reviewed(code), transaction("SUCCESS", **{flag: True}))
        assert (after.status, after.history[-1].name) == (Status.NEEDS_REVIEW, flag)

    def test_a_verdict_ends_a_review_that_only_lacked_one(self) -> None:
        assert applied(self.reviewed("unresolved"), transaction("SUCCESS")).status is Status.SUCCEEDED

    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("raw_status", [*STATUS_WORDS, "ON_HOLD"])
    @pytest.mark.parametrize("wrong", [{}, *MISMATCHES.values()], ids=["nothing", *MISMATCHES])
    def test_no_transaction_puts_a_succeeded_payment_into_review(
        self, wrong: dict[str, Any], raw_status: str, source: Source
    ) -> None:
        paid = applied(samples.payment(), transaction("SUCCESS"))
        assert apply(paid, transaction(raw_status, **wrong), source, LATER) is paid


class TestDecisionOfAPerson:
    """The person knew the gateway's status, so the same status again does not change the decision."""

    def decided(self, to: Status, **mismatch: Any) -> Payment:
        in_review = applied(samples.payment(), transaction("SUCCESS", **mismatch))
        assert in_review.status is Status.NEEDS_REVIEW
        return in_review.transition_to(to, at=LATER, source="operator", evidence={"who": "ada", "why": "fraud"})

    @pytest.mark.parametrize("again", [{}, {"amount": Decimal(7)}], ids=["as it was sent", "with the mismatch"])
    def test_the_same_status_does_not_change_the_decision(self, again: dict[str, Any]) -> None:
        failed = self.decided(Status.FAILED, amount=Decimal(7))
        assert applied(failed, transaction("SUCCESS", **again)) is failed

    def test_another_status_changes_the_decision(self) -> None:
        failed = samples.payment().transition_to(Status.NEEDS_REVIEW, at=LATER, source="status", evidence={"asks": 7})
        failed = failed.transition_to(
            Status.FAILED, at=LATER, source="operator", evidence={"who": "ada", "why": "no answer"}
        )
        assert applied(failed, transaction("SUCCESS")).status is Status.SUCCEEDED

    def test_a_refund_after_the_decision_is_recorded(self) -> None:
        failed = self.decided(Status.FAILED, amount=Decimal(7))
        assert applied(failed, transaction("SUCCESS", refunded=True)).refund.status == "refunded"
