"""The contract of writing: one version, one writer; a history without a gap; a cursor that never goes back."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from payments.model import refund as refunds
from payments.model.card import CardFacts
from payments.model.follow_up import FollowUp, RefundAttempt
from payments.model.history import Failure, FieldError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import LostRace
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import EVER, all_due, claimed, moved, standing

LATER = START + timedelta(hours=1, milliseconds=7)
FAILURE = Failure("declined", "no funds", (FieldError("zip", "refused_by_gateway", "unknown"),))


def full(payment: Payment) -> Payment:
    """The payment with something in every field."""
    evidence: dict[str, str | int] = {"gateway_status": "FAILED", "asks": 3}
    noted = payment.with_answer("in_doubt").transition_to(
        Status.FAILED,
        at=START,
        source="answer",
        evidence=evidence,
        transaction_id="PA1",
        message="né 決済",
        redirect_url=samples.SHOPPER_PAGE,
        failure=FAILURE,
    )
    request = RefundAttempt("rf_1", "once", LATER, arrived=True, answered="in_doubt", failure=FAILURE)
    noted = refunds.requested(noted, request, "f" * 64)
    noted = refunds.refunded(noted, LATER, at=LATER, source="reconciliation", evidence=evidence)
    noted = noted.charged_back(LATER, at=LATER, source="reconciliation", evidence=evidence)
    plan = FollowUp(LATER, START, asks=4, not_found=2, arrived=True)
    return dataclasses.replace(noted, follow_up=plan, replayed_while_sending=True)


def lease(ledger: Ledger, payment: Payment) -> None:
    """Takes the payment, which is due, for a while."""
    (due,) = all_due(ledger)
    assert ledger.lease(due, EVER) is not None


WRITES: dict[str, Callable[[Ledger, Payment], object]] = {
    "a transition": lambda ledger, payment: moved(ledger, payment, Status.REQUIRES_ACTION),
    "a plan": lambda ledger, payment: ledger.save(payment, payment.asked_again(START, arrived=True)),
    "a lease": lease,
    "the cursor": lambda ledger, payment: ledger.advance(payment, 1),
}
"""Whatever another may have written meanwhile."""


class Writing:
    def test_every_field_comes_back_as_it_went(self, ledger: Ledger) -> None:
        payment = claimed(ledger, live=True)
        after = full(payment)
        assert ledger.save(payment, after) == dataclasses.replace(after, revision=2)
        ledger.advance(payment, 1)
        assert standing(ledger, payment) == dataclasses.replace(after, published=1, revision=3)

    def test_the_test_before_leaves_no_field_out(self) -> None:
        payment = samples.payment()
        same = {
            f.name for f in dataclasses.fields(Payment) if getattr(full(payment), f.name) == getattr(payment, f.name)
        }
        claim = {"id", "fingerprint", "money", "order_id", "attempt", "card", "created_at"}
        assert same == claim | {"live", "published", "revision"}  # changed in the test itself

    @pytest.mark.parametrize("card", [None, CardFacts("amex", "0005", "01", "2031")])
    def test_what_a_payment_may_lack_comes_back_lacking(self, ledger: Ledger, card: CardFacts | None) -> None:
        payment = claimed(ledger, card=card, order_id=None)
        assert standing(ledger, payment) == payment

    def test_what_is_none_is_taken_away(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        page = moved(ledger, payment, Status.REQUIRES_ACTION, message="go", redirect_url=samples.SHOPPER_PAGE)
        done = moved(ledger, page, Status.SUCCEEDED)
        assert standing(ledger, payment) == done
        assert (done.message, done.redirect_url, done.follow_up.ask_at) == (None, None, None)

    def test_history_grows_by_one_entry_a_transition(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        for status in (Status.PENDING, Status.REQUIRES_ACTION, Status.NEEDS_REVIEW, Status.FAILED, Status.SUCCEEDED):
            payment = moved(ledger, payment, status)
        assert [entry.sequence for entry in standing(ledger, payment).history] == [1, 2, 3, 4, 5, 6]

    def test_two_entries_may_go_in_one_write(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        after = ledger.save(payment, full(payment))
        assert standing(ledger, payment).history == after.history == full(payment).history

    def test_a_plan_may_change_without_an_entry(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        after = ledger.save(payment, payment.asked_again(LATER, arrived=True).with_answer("in_doubt"))
        assert standing(ledger, payment) == after
        assert (after.follow_up.due_at, after.follow_up.arrived, after.answered) == (LATER, True, "in_doubt")

    @pytest.mark.parametrize("write", WRITES, ids=WRITES)
    def test_whoever_read_too_early_gets_what_stands_there_now(self, ledger: Ledger, write: str) -> None:
        payment = claimed(ledger)
        WRITES[write](ledger, payment)
        now = standing(ledger, payment)
        for after in (full(payment), payment.asked_again(LATER)):
            with pytest.raises(LostRace) as lost:
                ledger.save(payment, after)
            assert lost.value.current == now
        assert standing(ledger, payment) == now

    def test_writing_leaves_the_cursor_alone(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.advance(payment, 1)
        stale = dataclasses.replace(standing(ledger, payment), published=0)
        moved(ledger, stale, Status.FAILED)
        assert standing(ledger, payment).published == 1


class Publishing:
    def test_when_all_is_told_a_final_payment_leaves_the_index(self, ledger: Ledger) -> None:
        payment = moved(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 2)
        assert all_due(ledger) == []
        assert standing(ledger, payment).published == 2
        assert standing(ledger, payment).follow_up.due_at is None

    def test_when_all_is_told_an_open_payment_waits_for_its_next_question(self, ledger: Ledger) -> None:
        payment = moved(ledger, claimed(ledger), Status.PENDING)
        ledger.advance(payment, 2)
        after = standing(ledger, payment)
        assert after.follow_up.due_at == after.follow_up.ask_at == payment.follow_up.ask_at

    def test_while_something_is_untold_the_payment_stays_due(self, ledger: Ledger) -> None:
        payment = moved(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 1)
        after = standing(ledger, payment)
        assert after.published == 1
        assert after.follow_up.due_at == payment.follow_up.due_at

    def test_the_cursor_never_goes_back(self, ledger: Ledger) -> None:
        payment = moved(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 2)
        ledger.advance(payment, 1)
        assert standing(ledger, payment).published == 2
        assert all_due(ledger) == []

    def test_a_publisher_that_was_overtaken_moves_the_cursor_and_not_the_due_time(self, ledger: Ledger) -> None:
        payment = moved(ledger, claimed(ledger), Status.PENDING)
        newer = moved(ledger, payment, Status.SUCCEEDED, at=LATER)
        ledger.advance(payment, 2)
        after = standing(ledger, payment)
        assert after.published == 2
        assert after.follow_up.due_at == newer.follow_up.due_at == LATER
        assert len(all_due(ledger)) == 1

    def test_a_publisher_does_not_put_off_what_somebody_wants_asked_sooner(self, ledger: Ledger) -> None:
        payment = moved(ledger, claimed(ledger), Status.PENDING)
        ledger.save(payment, payment.asked_again(START))
        ledger.advance(payment, 2)
        after = standing(ledger, payment)
        assert after.published == 2
        assert after.follow_up.due_at == START

    def test_a_publisher_that_gives_a_lease_back_puts_the_payment_where_it_was_due(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.advance(payment, 1)
        (due,) = all_due(ledger)
        leased = ledger.lease(due, EVER)
        assert leased is not None
        ledger.advance(leased, 1)
        assert standing(ledger, payment).follow_up == payment.follow_up
