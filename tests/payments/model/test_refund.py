"""Refunds: the first answer stays, a refund is published at once, and its query ends with it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.model import refund as refunds
from payments.model.follow_up import FIRST_ASK, LEFT_TO_RELAY, FollowUp, RefundAttempt
from payments.model.history import Failure, Source
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START

LATER = START + timedelta(minutes=5)
NOTHING_DUE = FollowUp(due_at=None, ask_at=None)
PAID = replace(samples.payment(), status=Status.SUCCEEDED, follow_up=NOTHING_DUE)
REFUSED = Failure("refused", "too old")


def asked(payment: Payment = PAID, request_id: str = "rf_1") -> Payment:
    return refunds.requested(payment, RefundAttempt(request_id, "nonce", START), "fingerprint of " + request_id)


def failed(payment: Payment) -> Payment:
    return refunds.failed(payment, REFUSED, at=LATER, source="answer", evidence={})


def refunded(payment: Payment, source: Source = "answer") -> Payment:
    return refunds.refunded(payment, LATER, at=LATER, source=source, evidence={})


def first_answer(payment: Payment) -> str | None:
    assert payment.refund_attempt
    return payment.refund_attempt.answered


class TestRequested:
    def test_it_is_due_for_a_query_in_case_the_process_dies(self) -> None:
        """The follow-up then publishes it as well, if the relay has not: that is sooner than it would have to."""
        assert asked().follow_up == FollowUp(due_at=START + FIRST_ASK, ask_at=START + FIRST_ASK, arrived=True)


class TestFirstAnswer:
    def test_it_is_recorded(self) -> None:
        assert first_answer(refunds.answered(asked(), "in_doubt")) == "in_doubt"

    def test_it_stays_when_another_answer_follows(self) -> None:
        assert first_answer(refunds.answered(refunds.answered(asked(), "in_doubt"), "verdict")) == "in_doubt"

    def test_a_payment_without_a_refund_has_none(self) -> None:
        assert refunds.answered(PAID, "verdict") is PAID

    def test_a_refund_that_the_answer_confirms_was_answered_with_a_verdict(self) -> None:
        assert first_answer(refunded(asked())) == "verdict"

    @pytest.mark.parametrize("source", ["webhook", "status", "reconciliation", "operator"])
    def test_a_refund_that_is_learned_another_way_was_not_answered(self, source: Source) -> None:
        assert first_answer(refunded(asked(), source)) is None


class TestOutcome:
    @pytest.mark.parametrize("end", [failed, refunded])
    def test_it_ends_the_query_and_is_due_in_case_the_relay_does_not_publish_it(self, end: object) -> None:
        assert callable(end)
        assert end(asked()).follow_up == FollowUp(due_at=LATER + LEFT_TO_RELAY, ask_at=None, arrived=True)

    @pytest.mark.parametrize("end", [failed, refunded])
    def test_a_query_for_another_reason_stays(self, end: object) -> None:
        assert callable(end)
        waiting = replace(PAID, follow_up=FollowUp(due_at=START, ask_at=START + FIRST_ASK))
        assert end(waiting).follow_up == FollowUp(due_at=START + FIRST_ASK, ask_at=START + FIRST_ASK)


class TestEarlierRequest:
    def test_a_failure_belongs_to_the_request_before_it(self) -> None:
        history = failed(asked(failed(asked()), "rf_2"))

        assert refunds.earlier(history, "rf_1") == refunds.Earlier("fingerprint of rf_1", "refused")
        assert refunds.earlier(history, "rf_2") == refunds.Earlier("fingerprint of rf_2", "refused")

    def test_a_failure_of_a_later_request_is_not_one_of_an_earlier_request(self) -> None:
        unanswered = asked(asked(), "rf_2")

        assert refunds.earlier(failed(unanswered), "rf_1") == refunds.Earlier("fingerprint of rf_1", None)

    def test_there_is_none_without_that_request(self) -> None:
        assert refunds.earlier(failed(asked()), "rf_3") is None
