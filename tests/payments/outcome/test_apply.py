"""What a payment makes of the gateway's news: a repeat is none, a verdict sticks, a contradiction never succeeds."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.gateway.envelope import VERDICTS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import REVIEW_CODES, MAX_HISTORY, Failure, Source
from payments.model.integrity import mismatched_fields
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.apply import apply
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.samples import transaction

LATER = START + timedelta(minutes=5)
WORDS = sorted(VERDICTS)
FINAL_WORDS = ["ABANDONED", "BLOCKED", "FAILED", "SUCCESS"]
FLAGS = ["refunded", "charged_back"]
SOURCES: list[Source] = ["answer", "webhook", "status", "reconciliation"]

# One wrong fact each, as it could come with any status word.
MISMATCHES: dict[str, dict[str, Any]] = {
    "amount": {"amount": Decimal(10000)},
    "a hundred times less": {"amount": Decimal(1)},
    "a little more": {"amount": Decimal("100.01")},
    "no number": {"amount": Decimal(-1)},
    "currency": {"currency": "EUR"},
    "currency in lower case": {"currency": "gbp"},
    "order_id": {"order_id": "another-order"},
    "order_id of another attempt": {"order_id": f"{samples.ORDER_ID}~2"},
}


def told(payment: Payment, *reports: GatewayTransaction) -> Payment:
    for each in reports:
        payment = apply(payment, each, "status", LATER)
    return payment


class TestVerdicts:
    @pytest.mark.parametrize("said", [word for word in WORDS if word != "INIT"])
    @pytest.mark.parametrize("source", SOURCES)
    def test_each_is_heard_from_each_witness(self, said: str, source: Source) -> None:
        heard = apply(samples.payment(), transaction(said), source, LATER)

        assert heard.status is VERDICTS[said]
        entry = heard.history[-1]
        assert (entry.source, entry.at) == (source, LATER)
        assert entry.evidence == {"gateway_status": said, "transaction_id": samples.TRANSACTION_ID}
        assert heard.transaction_id == samples.TRANSACTION_ID
        assert heard.message == f"the gateway says {said.lower()}"

    @pytest.mark.parametrize(
        ("said", "code"), [("FAILED", "declined"), ("BLOCKED", "blocked"), ("ABANDONED", "abandoned")]
    )
    def test_what_did_not_succeed_has_a_reason(self, said: str, code: str) -> None:
        failure = told(samples.payment(), transaction(said)).failure

        assert failure is not None
        assert (failure.code, failure.message) == (code, f"the gateway says {said.lower()}")

    def test_and_a_reason_where_the_gateway_gives_none(self) -> None:
        failure = told(samples.payment(), transaction("FAILED", message=None)).failure

        assert failure is not None
        assert failure.message == "the gateway says FAILED"

    def test_a_redirect_is_kept_while_it_is_the_next_thing_to_do(self) -> None:
        redirected = told(samples.payment(), transaction("REDIRECT"))

        assert redirected.redirect_url == samples.SHOPPER_PAGE
        assert told(redirected, transaction("SUCCESS")).redirect_url is None

    def test_a_page_with_another_word_is_nowhere_to_go(self) -> None:
        assert told(samples.payment(), transaction("PENDING", redirect_url=samples.SHOPPER_PAGE)).redirect_url is None

    @pytest.mark.parametrize("said", ["INIT", "ON_HOLD", "REFUNDED", ""])
    def test_a_word_without_a_verdict_is_no_move_but_shows_that_it_arrived(self, said: str) -> None:
        """Else two times "not found" later on would make "never arrived" of it."""
        heard = told(samples.payment(), transaction(said))

        assert (heard.status, heard.version) == (Status.PROCESSING, 1)
        assert heard.transaction_id == samples.TRANSACTION_ID
        assert heard.follow_up.arrived
        assert told(heard, transaction(said)) is heard

    def test_a_transaction_told_without_a_verdict_is_held_to(self) -> None:
        heard = told(samples.payment(), transaction("INIT"), transaction("SUCCESS", transaction_id="PA9"))

        assert heard.status is Status.NEEDS_REVIEW


class TestRepeats:
    @pytest.mark.parametrize("said", WORDS)
    def test_are_no_news(self, said: str) -> None:
        once = told(samples.payment(), transaction(said))

        assert told(once, transaction(said)) is once
        assert told(once, transaction(said, message="other words")) is once

    @pytest.mark.parametrize("flag", FLAGS)
    def test_neither_is_a_flag_that_was_seen(self, flag: str) -> None:
        once = told(samples.payment(), transaction("SUCCESS", **{flag: True}))

        assert told(once, transaction("SUCCESS", **{flag: True, f"{flag}_at": LATER})) is once

    @given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12))
    def test_hearing_everything_twice_is_hearing_it_once(self, words: list[str]) -> None:
        once = told(samples.payment(), *[transaction(word) for word in words])
        each_twice = told(samples.payment(), *[transaction(word) for word in words for _ in range(2)])

        assert each_twice == once


class TestFinal:
    @pytest.mark.parametrize("first", FINAL_WORDS)
    @pytest.mark.parametrize("then", WORDS)
    def test_sticks_but_for_evidence_that_money_moved(self, first: str, then: str) -> None:
        settled = told(samples.payment(), transaction(first))
        heard = told(settled, transaction(then))

        if first != "SUCCESS" and then == "SUCCESS":
            assert heard.status is Status.SUCCEEDED
            assert heard.history[-1].previous_status is VERDICTS[first]
            assert heard.failure is None
        else:
            assert heard is settled

    @given(st.permutations(["REDIRECT", "PENDING", "SUCCESS", "FAILED"]))
    def test_whatever_the_order_of_the_news_success_wins(self, words: list[str]) -> None:
        assert told(samples.payment(), *[transaction(word) for word in words]).status is Status.SUCCEEDED

    def test_a_verdict_ends_a_review_for_want_of_one(self) -> None:
        reviewed = samples.payment().transition_to(Status.NEEDS_REVIEW, at=LATER, source="status", evidence={})

        assert told(reviewed, transaction("SUCCESS")).status is Status.SUCCEEDED
        assert told(reviewed, transaction("PENDING")) is reviewed


class TestMismatch:
    @pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=list(MISMATCHES))
    @pytest.mark.parametrize("said", [*WORDS, "ON_HOLD"])
    def test_of_an_open_payment_needs_a_human_whatever_the_word(self, wrong: dict[str, Any], said: str) -> None:
        heard = told(samples.payment(), transaction(said, **wrong))

        (name,) = wrong
        assert heard.status is Status.NEEDS_REVIEW
        assert heard.failure is not None
        assert heard.failure.code == "integrity_mismatch"
        assert name in heard.failure.message
        assert heard.history[-1].evidence["mismatch"] == name

    @pytest.mark.parametrize("said", WORDS)
    def test_of_the_transaction_once_it_is_known(self, said: str) -> None:
        pending = told(samples.payment(), transaction("PENDING"))
        heard = told(pending, transaction(said, transaction_id="PA9999999999999999"))

        assert heard.status is Status.NEEDS_REVIEW
        assert heard.transaction_id == samples.TRANSACTION_ID

    @pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=list(MISMATCHES))
    @pytest.mark.parametrize("first", ["FAILED", "BLOCKED", "ABANDONED"])
    def test_of_a_late_success_needs_a_human_and_is_no_success(self, wrong: dict[str, Any], first: str) -> None:
        settled = told(samples.payment(), transaction(first))

        assert told(settled, transaction("SUCCESS", **wrong)).status is Status.NEEDS_REVIEW
        assert told(settled, transaction("FAILED", **wrong)) is settled

    @pytest.mark.parametrize("wrong", MISMATCHES.values(), ids=list(MISMATCHES))
    @pytest.mark.parametrize("flag", FLAGS)
    def test_does_not_touch_what_succeeded(self, wrong: dict[str, Any], flag: str) -> None:
        paid = told(samples.payment(), transaction("SUCCESS"))

        assert told(paid, transaction("SUCCESS", **wrong, **{flag: True})) is paid

    @pytest.mark.parametrize("then", WORDS)
    def test_is_not_talked_away_by_the_next_message(self, then: str) -> None:
        doubted = told(samples.payment(), transaction("SUCCESS", amount=Decimal(1)))

        assert told(doubted, transaction(then)).status is Status.NEEDS_REVIEW

    def test_every_wrong_fact_is_named(self) -> None:
        wrong = transaction("SUCCESS", amount=Decimal(1), currency="EUR", order_id="x", transaction_id="PA9")
        pending = told(samples.payment(), transaction("PENDING"))

        assert mismatched_fields(pending, wrong) == ("amount", "currency", "order_id", "transaction_id")

    @pytest.mark.parametrize("name", ["amount", "currency"])
    @pytest.mark.parametrize("said", WORDS)
    def test_money_that_is_not_said_has_not_moved(self, name: str, said: str) -> None:
        heard = told(samples.payment(), transaction(said, **{name: None}))

        assert heard.status is (Status.NEEDS_REVIEW if said == "SUCCESS" else VERDICTS[said])

    def test_an_order_id_that_is_not_said_contradicts_nothing(self) -> None:
        """The gateway prints null in its own samples."""
        assert told(samples.payment(), transaction("SUCCESS", order_id=None)).status is Status.SUCCEEDED

    @given(
        st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from([{}, *MISMATCHES.values()])), max_size=10),
    )
    def test_no_run_of_news_succeeds_on_a_mismatch(self, news: list[tuple[str, dict[str, Any]]]) -> None:
        payment = samples.payment()
        for said, wrong in news:
            heard = told(payment, transaction(said, **wrong))
            if wrong and payment.status is not Status.SUCCEEDED:
                assert heard.status is not Status.SUCCEEDED
            payment = heard

    @pytest.mark.parametrize("amount", [Decimal("100.000"), Decimal("1E+2"), Decimal(100)])
    def test_the_same_amount_is_the_same_however_it_is_written(self, amount: Decimal) -> None:
        assert told(samples.payment(), transaction("SUCCESS", amount=amount)).status is Status.SUCCEEDED


class TestReview:
    """What the reconciliation has put before a human is not decided by the gateway's next message."""

    def reviewed(self, code: str) -> Payment:
        paid = told(samples.payment(), transaction("PENDING"))
        return paid.transition_to(
            Status.NEEDS_REVIEW, at=LATER, source="reconciliation", evidence={}, failure=Failure(code, "look")
        )

    @pytest.mark.parametrize("code", sorted(REVIEW_CODES))
    @pytest.mark.parametrize("then", WORDS)
    def test_is_not_talked_away(self, code: str, then: str) -> None:
        reviewed = self.reviewed(code)
        assert told(reviewed, transaction(then)) is reviewed

    @pytest.mark.parametrize("code", sorted(REVIEW_CODES))
    @pytest.mark.parametrize("flag", FLAGS)
    def test_but_hears_of_money_on_its_way_back(self, code: str, flag: str) -> None:
        heard = told(self.reviewed(code), transaction("SUCCESS", **{flag: True}))
        assert (heard.status, heard.history[-1].name) == (Status.NEEDS_REVIEW, flag)

    def test_one_for_want_of_a_verdict_ends_with_it(self) -> None:
        assert told(self.reviewed("unresolved"), transaction("SUCCESS")).status is Status.SUCCEEDED

    @pytest.mark.parametrize("source", SOURCES)
    @pytest.mark.parametrize("said", [*WORDS, "ON_HOLD"])
    @pytest.mark.parametrize("wrong", [{}, *MISMATCHES.values()], ids=["nothing", *MISMATCHES])
    def test_of_what_succeeded_is_no_messages_doing(self, wrong: dict[str, Any], said: str, source: Source) -> None:
        paid = told(samples.payment(), transaction("SUCCESS"))
        assert apply(paid, transaction(said, **wrong), source, LATER) is paid


class TestFacts:
    def test_a_refund_is_heard_beside_the_status(self) -> None:
        paid = told(samples.payment(), transaction("SUCCESS"))
        heard = told(paid, transaction("SUCCESS", refunded=True, refunded_at=START))

        assert (heard.status, heard.refund.status, heard.refund.refunded_at) == ("succeeded", "refunded", START)
        assert heard.history[-1].name == "refunded"

    def test_without_a_date_it_is_of_now(self) -> None:
        heard = told(samples.payment(), transaction("SUCCESS", refunded=True, charged_back=True))

        assert (heard.refund.refunded_at, heard.chargeback.charged_back_at) == (LATER, LATER)
        assert [entry.name for entry in heard.history] == ["processing", "succeeded", "refunded", "charged_back"]

    def test_under_a_word_nobody_has_told_us_of_it_is_heard_too(self) -> None:
        paid = told(samples.payment(), transaction("SUCCESS"))

        assert told(paid, transaction("REFUNDED", refunded=True)).refund.status == "refunded"

    def test_it_is_never_taken_back(self) -> None:
        refunded = told(samples.payment(), transaction("SUCCESS", refunded=True))

        assert told(refunded, transaction("SUCCESS", refunded=False)) is refunded


class TestWhatAHumanDecided:
    """Knowing what the gateway said; so saying it again is no news."""

    def decided(self, to: Status, **doubt: Any) -> Payment:
        doubted = told(samples.payment(), transaction("SUCCESS", **doubt))
        assert doubted.status is Status.NEEDS_REVIEW
        return doubted.transition_to(to, at=LATER, source="operator", evidence={"who": "ada", "why": "fraud"})

    @pytest.mark.parametrize("again", [{}, {"amount": Decimal(7)}], ids=["as it was sent", "as it was doubted"])
    def test_stands_against_the_same_word(self, again: dict[str, Any]) -> None:
        failed = self.decided(Status.FAILED, amount=Decimal(7))
        assert told(failed, transaction("SUCCESS", **again)) is failed

    def test_gives_way_to_another_word(self) -> None:
        failed = samples.payment().transition_to(Status.NEEDS_REVIEW, at=LATER, source="status", evidence={"asks": 7})
        failed = failed.transition_to(
            Status.FAILED, at=LATER, source="operator", evidence={"who": "ada", "why": "no answer"}
        )
        assert told(failed, transaction("SUCCESS")).status is Status.SUCCEEDED

    def test_keeps_nobody_from_hearing_of_a_refund(self) -> None:
        failed = self.decided(Status.FAILED, amount=Decimal(7))
        assert told(failed, transaction("SUCCESS", refunded=True)).refund.status == "refunded"


def test_a_gateway_that_changes_its_mind_without_end_is_a_humans_business() -> None:
    payment = samples.payment()
    for turn in range(2 * MAX_HISTORY):
        payment = told(payment, transaction("PENDING" if turn % 2 else "REDIRECT"))

    assert payment.version == MAX_HISTORY + 1
    assert payment.status is Status.NEEDS_REVIEW
    assert told(payment, transaction("SUCCESS")).status is Status.SUCCEEDED


@given(st.sampled_from(list(Status)), st.sampled_from([*WORDS, "ON_HOLD"]), st.sets(st.sampled_from(FLAGS)))
def test_nothing_the_gateway_says_is_an_illegal_move(status: Status, said: str, flags: set[str]) -> None:
    payment = replace(samples.payment(), status=status)
    heard = told(payment, transaction(said, **dict.fromkeys(flags, True)))

    assert heard.status is status or payment.may_become(heard.status)
    assert heard.version <= payment.version + 1 + len(flags)
