"""The limits of the schedule: when a refund or a payment counts as never arrived, and when the next query is due."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.follow_up.schedule import (
    BACK_OFF,
    CONFIRMED_ASKS,
    NEVER_ARRIVED_AFTER,
    PLAN_ENDS_AFTER,
    UNANSWERED_WAIT,
    after_query,
    after_refund_query,
    after_silence,
    after_unsent_refund,
)
from payments.model import refund as refunds
from payments.model.follow_up import LEFT_TO_RELAY, FollowUp, RefundAttempt
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START

A_MOMENT = timedelta(milliseconds=1)
IN_AN_HOUR = START + NEVER_ARRIVED_AFTER


def refund_in_doubt(asks: int = 0, denials: int = 0) -> Payment:
    """A payment with a refund that was requested at the start."""
    paid = replace(samples.payment(), status=Status.SUCCEEDED)
    asked = refunds.requested(paid, RefundAttempt("rf_1", "nonce", START), "fingerprint")
    return replace(asked, published=asked.version, follow_up=replace(asked.follow_up, asks=asks, not_found=denials))


class TestRefundNeverArrived:
    def test_it_never_arrived_after_the_second_denial_an_hour_later(self) -> None:
        after = after_refund_query(refund_in_doubt(asks=4, denials=1), IN_AN_HOUR, denied=True)

        assert after.refund.status == "failed"
        assert after.refund_attempt is not None
        assert after.refund_attempt.failure is not None
        assert after.refund_attempt.failure.code == "never_arrived"
        assert after.refund_attempt.failure.message == "the gateway knows of no refund: the money was not sent back"
        assert after.history[-1].evidence == {"not_refunded": 2, "asks": 5, "failure": "never_arrived"}

    @pytest.mark.parametrize(
        ("denials", "moment", "denied"),
        [(0, IN_AN_HOUR, True), (1, IN_AN_HOUR - A_MOMENT, True), (9, IN_AN_HOUR, False)],
        ids=["only one denial", "within the hour", "no denial now"],
    )
    def test_otherwise_it_is_asked_about_again(self, denials: int, moment: object, denied: bool) -> None:  # noqa: FBT001
        assert isinstance(moment, type(START))
        before = refund_in_doubt(asks=1, denials=denials)
        after = after_refund_query(before, moment, denied=denied)

        assert after.awaits_refund
        assert after.follow_up.arrived, "the payment did, whatever became of its refund"
        assert (after.follow_up.asks, after.follow_up.not_found) == (2, denials + denied)

    @pytest.mark.parametrize("asks", range(9))
    def test_the_waits_follow_the_plan_and_stay_at_its_last(self, asks: int) -> None:
        wait = BACK_OFF[min(asks, len(BACK_OFF) - 1)]
        after = after_refund_query(refund_in_doubt(asks=asks), START, denied=False)

        assert after.follow_up.ask_at is not None
        assert wait <= after.follow_up.ask_at - START <= wait * 1.2
        assert after.follow_up.due_at == after.follow_up.ask_at


class TestPaymentNeverArrived:
    @pytest.mark.parametrize(("earlier", "status"), [(timedelta(), Status.FAILED), (A_MOMENT, Status.PROCESSING)])
    def test_not_found_counts_from_the_end_of_the_hour(self, earlier: timedelta, status: Status) -> None:
        before = replace(samples.payment(), follow_up=replace(samples.payment().follow_up, not_found=1))

        assert after_query(before, IN_AN_HOUR - earlier, not_found=True).status is status

    def test_the_history_says_how_often_it_was_not_found(self) -> None:
        before = replace(samples.payment(), follow_up=replace(samples.payment().follow_up, asks=6, not_found=4))
        after = after_query(before, IN_AN_HOUR, not_found=True)

        assert after.failure is not None
        assert after.failure.code == "never_arrived"
        assert after.failure.message == "the gateway has no record of this payment: nothing was charged"
        assert after.history[-1].evidence == {"not_found": 5, "asks": 7}
        assert (after.history[-1].source, after.history[-1].at) == ("status", IN_AN_HOUR)


class TestEndOfThePlan:
    """A payment with a verdict, or in review, is asked about to the end of the plan, and then no more."""

    @pytest.mark.parametrize("status", [Status.NEEDS_REVIEW, Status.SUCCEEDED])
    @pytest.mark.parametrize(("asks", "ends"), [(len(BACK_OFF) - 1, False), (len(BACK_OFF), True)])
    def test_it_ends_after_the_last_wait(self, status: Status, asks: int, *, ends: bool) -> None:
        plan = replace(samples.payment().follow_up, asks=asks)
        after = after_query(replace(samples.payment(), status=status, published=1, follow_up=plan), START)

        assert (after.follow_up.ask_at is None) == ends
        assert (after.follow_up.due_at is None) == ends

    @pytest.mark.parametrize(("asks", "ends"), [(CONFIRMED_ASKS - 2, False), (CONFIRMED_ASKS - 1, True)])
    def test_a_verdict_stands_once_it_is_confirmed_often_enough(self, asks: int, *, ends: bool) -> None:
        plan = replace(samples.payment().follow_up, asks=asks)
        paid = replace(samples.payment(), status=Status.SUCCEEDED, published=1, follow_up=plan)

        assert (after_query(paid, START, arrived=True).follow_up.ask_at is None) == ends
        assert after_query(paid, START, arrived=False).follow_up.ask_at is not None

    def test_its_events_are_published_all_the_same_and_nothing_is_forgotten(self) -> None:
        plan = replace(samples.payment().follow_up, asks=len(BACK_OFF), not_found=4, arrived=True)
        after = after_query(replace(samples.payment(), status=Status.SUCCEEDED, published=0, follow_up=plan), START)

        assert after.follow_up == FollowUp(START + LEFT_TO_RELAY, None, len(BACK_OFF) + 1, not_found=4, arrived=True)

    def test_a_payment_that_is_asked_about_again_forgets_nothing_either(self) -> None:
        plan = replace(samples.payment().follow_up, asks=2, not_found=4, arrived=True)
        after = after_query(replace(samples.payment(), published=1, follow_up=plan), START)

        assert after.follow_up.ask_at is not None
        ask_at = after.follow_up.ask_at
        assert after.follow_up == FollowUp(ask_at, ask_at, 3, 4, arrived=True, asked_since=START)

    @pytest.mark.parametrize("query", ["payment", "refund", "silence", "unsent refund"])
    @pytest.mark.parametrize("asks", range(len(BACK_OFF)))
    def test_unpublished_events_delay_no_query_and_wait_for_no_late_one(self, query: str, asks: int) -> None:
        plan = replace(samples.payment().follow_up, asks=asks)
        payment, refund = replace(samples.payment(), published=0, follow_up=plan), refund_in_doubt(asks=asks)
        after = {
            "payment": after_query(payment, START),
            "refund": after_refund_query(replace(refund, published=0), START, denied=False),
            "silence": after_silence(payment, START, START),
            "unsent refund": after_unsent_refund(payment, START, hopeless=asks > 0),
        }[query]

        assert after.follow_up.ask_at is not None
        assert after.follow_up.ask_at > START
        assert after.follow_up.due_at == min(after.follow_up.ask_at, START + LEFT_TO_RELAY)


class TestSilence:
    def test_silence_for_the_whole_plan_is_no_denial(self) -> None:
        plan = replace(samples.payment().follow_up, asked_since=START)
        after = after_silence(replace(samples.payment(), follow_up=plan), START, START + PLAN_ENDS_AFTER)

        assert after.status is Status.NEEDS_REVIEW
        assert after.history[-1].evidence == {"not_found": 0, "asks": 1}
        assert after.failure is not None
        assert after.failure.message == "the gateway gave no verdict within a day and a half"

    def test_a_moment_less_is_asked_about_again(self) -> None:
        plan = replace(samples.payment().follow_up, asked_since=START)
        after = after_silence(replace(samples.payment(), follow_up=plan), START, START + PLAN_ENDS_AFTER - A_MOMENT)

        assert after.status is Status.PROCESSING
        assert after.follow_up.asked_since == START

    @pytest.mark.parametrize("before", [samples.payment(), refund_in_doubt()], ids=["a payment", "a refund"])
    def test_the_next_query_is_due_within_a_minute(self, before: Payment) -> None:
        after = after_silence(replace(before, published=before.version), START, START)

        assert after.follow_up.ask_at is not None
        assert UNANSWERED_WAIT <= after.follow_up.ask_at - START <= timedelta(minutes=1)
        assert after.follow_up.due_at == after.follow_up.ask_at
        assert after.follow_up.asked_since == START

    def test_silence_about_a_refund_is_no_denial_of_it(self) -> None:
        before = refund_in_doubt(denials=1)
        silent = replace(before, follow_up=replace(before.follow_up, asked_since=START))
        after = after_silence(silent, START, START + PLAN_ENDS_AFTER)

        assert after.awaits_refund
        assert after.follow_up.not_found == 1
        assert after.follow_up.ask_at is not None, "money may be on its way back"
