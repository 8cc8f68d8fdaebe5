"""The contract of save and advance: one writer per version, a history without gaps, a cursor that never goes back."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from payments.model import refund as refunds
from payments.model.card import CardFacts
from payments.model.follow_up import LEFT_TO_RELAY, FollowUp, RefundAttempt
from payments.model.history import Failure, FieldError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import LostRace
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import FAR_FUTURE, claimed, due_payments, stored, transitioned

LATER = START + timedelta(hours=1, milliseconds=7)
FAILURE = Failure("declined", "no funds", (FieldError("zip", "refused_by_gateway", "unknown"),))


def full(payment: Payment) -> Payment:
    """The payment with a value in every field."""
    evidence: dict[str, str | int] = {"gateway_status": "FAILED", "asks": 3}
    changed = payment.with_answer("in_doubt").transition_to(
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
    changed = refunds.requested(changed, request, "f" * 64)
    changed = refunds.refunded(changed, LATER, at=LATER, source="reconciliation", evidence=evidence)
    changed = changed.charged_back(LATER, at=LATER, source="reconciliation", evidence=evidence)
    plan = FollowUp(
        LATER, START, asks=4, not_found=2, arrived=True, missing_since=START, asked_since=LATER, announcer="relay"
    )
    return dataclasses.replace(changed, follow_up=plan, replayed_while_sending=True, superseded_at=LATER)


def lease(ledger: Ledger, payment: Payment) -> None:
    """Leases the only due payment."""
    (due,) = due_payments(ledger)
    assert ledger.lease(due, FAR_FUTURE) is not None


WRITES: dict[str, Callable[[Ledger, Payment], object]] = {
    "a transition": lambda ledger, payment: transitioned(ledger, payment, Status.REQUIRES_ACTION),
    "a plan": lambda ledger, payment: ledger.save(payment, payment.asked_again(START, arrived=True)),
    "a lease": lease,
    "the cursor": lambda ledger, payment: ledger.advance(payment, 1),
}
"""What another process may have written meanwhile."""


class SaveContract:
    def test_every_field_is_read_back_unchanged(self, ledger: Ledger) -> None:
        payment = claimed(ledger, live=True)
        after = full(payment)
        assert ledger.save(payment, after) == dataclasses.replace(after, revision=2)
        ledger.advance(payment, 1)
        assert stored(ledger, payment) == dataclasses.replace(after, published=1, revision=3)

    def test_the_full_payment_changes_every_field_that_can_change(self) -> None:
        payment = samples.payment()
        same = {
            f.name for f in dataclasses.fields(Payment) if getattr(full(payment), f.name) == getattr(payment, f.name)
        }
        claim = {"id", "fingerprint", "money", "order_id", "attempt", "card", "created_at"}
        assert same == claim | {"live", "published", "revision"}  # the other fields keep their value in every write

    @pytest.mark.parametrize("card", [None, CardFacts("amex", "0005", "01", "2031")])
    def test_optional_fields_are_read_back_as_missing(self, ledger: Ledger, card: CardFacts | None) -> None:
        payment = claimed(ledger, card=card, order_id=None)
        assert stored(ledger, payment) == payment

    def test_a_field_that_becomes_none_is_removed(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        page = transitioned(ledger, payment, Status.REQUIRES_ACTION, message="go", redirect_url=samples.SHOPPER_PAGE)
        done = transitioned(ledger, page, Status.SUCCEEDED)
        assert stored(ledger, payment) == done
        assert (done.message, done.redirect_url, done.follow_up.ask_at) == (None, None, None)

    def test_history_grows_by_one_entry_a_transition(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        for status in (Status.PENDING, Status.REQUIRES_ACTION, Status.NEEDS_REVIEW, Status.FAILED, Status.SUCCEEDED):
            payment = transitioned(ledger, payment, status)
        assert [entry.sequence for entry in stored(ledger, payment).history] == [1, 2, 3, 4, 5, 6]

    def test_one_write_can_append_two_entries(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        after = ledger.save(payment, full(payment))
        assert stored(ledger, payment).history == after.history == full(payment).history

    def test_the_follow_up_plan_can_change_without_a_history_entry(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        after = ledger.save(payment, payment.asked_again(LATER, arrived=True).with_answer("in_doubt"))
        assert stored(ledger, payment) == after
        assert (after.follow_up.due_at, after.follow_up.arrived, after.answered) == (LATER, True, "in_doubt")

    @pytest.mark.parametrize("write", WRITES, ids=WRITES)
    def test_an_outdated_write_raises_lost_race_with_the_stored_payment(self, ledger: Ledger, write: str) -> None:
        payment = claimed(ledger)
        WRITES[write](ledger, payment)
        now = stored(ledger, payment)
        for after in (full(payment), payment.asked_again(LATER)):
            with pytest.raises(LostRace) as lost:
                ledger.save(payment, after)
            assert lost.value.current == now
        assert stored(ledger, payment) == now

    def test_a_write_does_not_move_the_publish_cursor(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.advance(payment, 1)
        stale = dataclasses.replace(stored(ledger, payment), published=0)
        transitioned(ledger, stale, Status.FAILED)
        assert stored(ledger, payment).published == 1


class PublishContract:
    def test_a_final_payment_leaves_the_index_when_all_is_published(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 2)
        assert due_payments(ledger) == []
        assert stored(ledger, payment).published == 2
        assert stored(ledger, payment).follow_up.due_at is None

    def test_an_open_payment_is_next_due_for_its_status_query_when_all_is_published(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.PENDING)
        ledger.advance(payment, 2)
        after = stored(ledger, payment)
        assert after.follow_up.due_at == after.follow_up.ask_at == payment.follow_up.ask_at

    def test_a_payment_with_an_unpublished_entry_stays_due(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 1)
        after = stored(ledger, payment)
        assert after.published == 1
        assert after.follow_up.due_at == payment.follow_up.due_at

    def test_the_cursor_never_goes_back(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.SUCCEEDED)
        ledger.advance(payment, 2)
        ledger.advance(payment, 1)
        assert stored(ledger, payment).published == 2
        assert due_payments(ledger) == []

    def test_a_late_publisher_moves_the_cursor_and_not_the_due_time(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.PENDING)
        newer = transitioned(ledger, payment, Status.SUCCEEDED, at=LATER)
        ledger.advance(payment, 2)
        after = stored(ledger, payment)
        assert after.published == 2
        assert after.follow_up.due_at == newer.follow_up.due_at == LATER + LEFT_TO_RELAY
        assert len(due_payments(ledger)) == 1

    def test_a_publisher_does_not_postpone_an_earlier_status_query(self, ledger: Ledger) -> None:
        payment = transitioned(ledger, claimed(ledger), Status.PENDING)
        ledger.save(payment, payment.asked_again(START))
        ledger.advance(payment, 2)
        after = stored(ledger, payment)
        assert after.published == 2
        assert after.follow_up.due_at == START

    def test_a_publisher_that_ends_its_lease_restores_the_due_time(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.advance(payment, 1)
        (due,) = due_payments(ledger)
        leased = ledger.lease(due, FAR_FUTURE)
        assert leased is not None
        ledger.advance(leased, 1)
        assert stored(ledger, payment).follow_up == payment.follow_up
