"""Transactions without a mismatch: a repeat changes nothing, a final status stays, flags stand beside the status."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.status_words import VERDICTS
from payments.model.history import MAX_HISTORY, Failure, Source
from payments.model.status import Status
from payments.outcome.apply import apply
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.samples import transaction
from tests.payments.outcome.transactions import FLAGS, LATER, SOURCES, STATUS_WORDS, applied

FINAL_WORDS = ["ABANDONED", "BLOCKED", "FAILED", "SUCCESS"]


class TestVerdicts:
    @pytest.mark.parametrize("raw_status", [word for word in STATUS_WORDS if word != "INIT"])
    @pytest.mark.parametrize("source", SOURCES)
    def test_each_status_word_is_applied_from_each_source(self, raw_status: str, source: Source) -> None:
        after = apply(samples.payment(), transaction(raw_status), source, LATER)

        assert after.status is VERDICTS[raw_status]
        entry = after.history[-1]
        assert (entry.source, entry.at) == (source, LATER)
        assert entry.evidence == {"gateway_status": raw_status, "transaction_id": samples.TRANSACTION_ID}
        assert after.transaction_id == samples.TRANSACTION_ID
        assert after.message == f"the gateway says {raw_status.lower()}"

    @pytest.mark.parametrize(
        ("raw_status", "code"), [("FAILED", "declined"), ("BLOCKED", "blocked"), ("ABANDONED", "abandoned")]
    )
    def test_an_unsuccessful_payment_has_a_failure_code(self, raw_status: str, code: str) -> None:
        failure = applied(samples.payment(), transaction(raw_status)).failure

        assert failure is not None
        assert (failure.code, failure.message) == (code, f"the gateway says {raw_status.lower()}")

    def test_a_failure_has_a_message_even_if_the_gateway_sends_none(self) -> None:
        failure = applied(samples.payment(), transaction("FAILED", message=None)).failure

        assert failure is not None
        assert failure.message == "the gateway says FAILED"

    def test_the_redirect_url_is_kept_until_the_next_status(self) -> None:
        redirected = applied(samples.payment(), transaction("REDIRECT"))

        assert redirected.redirect_url == samples.SHOPPER_PAGE
        assert applied(redirected, transaction("SUCCESS")).redirect_url is None

    def test_a_redirect_url_with_another_status_word_is_ignored(self) -> None:
        assert (
            applied(samples.payment(), transaction("PENDING", redirect_url=samples.SHOPPER_PAGE)).redirect_url is None
        )

    @pytest.mark.parametrize("raw_status", ["INIT", "ON_HOLD", "REFUNDED", ""])
    def test_a_word_without_a_verdict_changes_no_status_but_proves_arrival(self, raw_status: str) -> None:
        """Otherwise two later answers "not found" would end the payment as "never arrived"."""
        after = applied(samples.payment(), transaction(raw_status))

        assert (after.status, after.version) == (Status.PROCESSING, 1)
        assert after.transaction_id == samples.TRANSACTION_ID
        assert after.follow_up.arrived
        assert applied(after, transaction(raw_status)) is after

    def test_the_transaction_id_of_a_word_without_a_verdict_is_compared_later(self) -> None:
        after = applied(samples.payment(), transaction("INIT"), transaction("SUCCESS", transaction_id="PA9"))

        assert after.status is Status.NEEDS_REVIEW


class TestRepeats:
    @pytest.mark.parametrize("raw_status", STATUS_WORDS)
    def test_a_repeated_transaction_changes_nothing(self, raw_status: str) -> None:
        once = applied(samples.payment(), transaction(raw_status))

        assert applied(once, transaction(raw_status)) is once
        assert applied(once, transaction(raw_status, message="another message")) is once

    @pytest.mark.parametrize("flag", FLAGS)
    def test_a_repeated_flag_changes_nothing(self, flag: str) -> None:
        once = applied(samples.payment(), transaction("SUCCESS", **{flag: True}))

        assert applied(once, transaction("SUCCESS", **{flag: True, f"{flag}_at": LATER})) is once

    @given(st.lists(st.sampled_from(STATUS_WORDS), min_size=1, max_size=12))
    def test_applying_every_transaction_twice_is_applying_it_once(self, words: list[str]) -> None:
        once = applied(samples.payment(), *[transaction(word) for word in words])
        each_twice = applied(samples.payment(), *[transaction(word) for word in words for _ in range(2)])

        assert each_twice == once


class TestFinal:
    @pytest.mark.parametrize("first", FINAL_WORDS)
    @pytest.mark.parametrize("then", STATUS_WORDS)
    def test_a_final_status_changes_only_on_evidence_that_money_moved(self, first: str, then: str) -> None:
        final = applied(samples.payment(), transaction(first))
        after = applied(final, transaction(then))

        if first != "SUCCESS" and then == "SUCCESS":
            assert after.status is Status.SUCCEEDED
            assert after.history[-1].previous_status is VERDICTS[first]
            assert after.failure is None
        else:
            assert after is final

    @given(st.permutations(["REDIRECT", "PENDING", "SUCCESS", "FAILED"]))
    def test_a_success_wins_in_any_order_of_the_transactions(self, words: list[str]) -> None:
        assert applied(samples.payment(), *[transaction(word) for word in words]).status is Status.SUCCEEDED

    def test_a_verdict_ends_a_review_that_only_lacked_one(self) -> None:
        reviewed = samples.payment().transition_to(Status.NEEDS_REVIEW, at=LATER, source="status", evidence={})

        assert applied(reviewed, transaction("SUCCESS")).status is Status.SUCCEEDED
        assert applied(reviewed, transaction("PENDING")) is reviewed


class TestFlags:
    def test_a_refund_is_recorded_beside_the_status(self) -> None:
        paid = applied(samples.payment(), transaction("SUCCESS"))
        after = applied(paid, transaction("SUCCESS", refunded=True, refunded_at=START))

        assert (after.status, after.refund.status, after.refund.refunded_at) == ("succeeded", "refunded", START)
        assert after.history[-1].name == "refunded"

    def test_a_flag_without_a_date_gets_the_current_time(self) -> None:
        after = applied(samples.payment(), transaction("SUCCESS", refunded=True, charged_back=True))

        assert (after.refund.refunded_at, after.chargeback.charged_back_at) == (LATER, LATER)
        assert [entry.name for entry in after.history] == ["processing", "succeeded", "refunded", "charged_back"]

    def test_a_refund_under_an_unknown_status_word_is_recorded(self) -> None:
        paid = applied(samples.payment(), transaction("SUCCESS"))

        assert applied(paid, transaction("REFUNDED", refunded=True)).refund.status == "refunded"

    def test_a_recorded_refund_is_never_undone(self) -> None:
        refunded = applied(samples.payment(), transaction("SUCCESS", refunded=True))

        assert applied(refunded, transaction("SUCCESS", refunded=False)) is refunded


def test_a_status_that_changes_without_end_needs_review() -> None:
    payment = samples.payment()
    for turn in range(2 * MAX_HISTORY):
        payment = applied(payment, transaction("PENDING" if turn % 2 else "REDIRECT"))

    assert payment.version == MAX_HISTORY + 1
    assert payment.status is Status.NEEDS_REVIEW
    assert payment.failure == Failure("unresolved", "the gateway changes its mind without end")
    assert payment.history[-1].evidence["gateway_status"] in ("PENDING", "REDIRECT")
    assert (payment.history[-1].at, payment.history[-1].source) == (LATER, "status")
    assert applied(payment, transaction("SUCCESS")).status is Status.SUCCEEDED


@given(st.sampled_from(list(Status)), st.sampled_from([*STATUS_WORDS, "ON_HOLD"]), st.sets(st.sampled_from(FLAGS)))
def test_no_transaction_leads_to_an_illegal_transition(status: Status, raw_status: str, flags: set[str]) -> None:
    payment = replace(samples.payment(), status=status)
    after = applied(payment, transaction(raw_status, **dict.fromkeys(flags, True)))

    assert after.status is status or payment.may_become(after.status)
    assert after.version <= payment.version + 1 + len(flags)
