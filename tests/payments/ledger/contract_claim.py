"""The contract of claim and release: one payment per key, one open payment per order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.ledger import OrderLock, OrderMoved, Released
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import FAR_FUTURE, claimed, due_payments, stored, transitioned

BLOCKS_THE_ORDER = sorted(set(Status) - FREES_THE_ORDER)
ORDER = samples.ORDER_ID


class ClaimContract:
    def test_a_claim_stores_the_payment_and_takes_the_order_lock(self, ledger: Ledger) -> None:
        payment = samples.payment()
        assert ledger.claim(payment, None) is None
        assert ledger.get(payment.id) == payment
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (payment.id,))

    def test_an_order_of_the_other_mode_is_another_order(self, ledger: Ledger) -> None:
        tested, live = samples.payment(), samples.payment(live=True)
        assert ledger.claim(tested, None) is None
        assert ledger.order(ORDER, live=True) is None
        assert ledger.claim(live, None) is None
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (tested.id,))
        assert ledger.order(ORDER, live=True) == OrderLock(ORDER, (live.id,))
        assert ledger.release(live)
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (tested.id,))
        assert ledger.order(ORDER, live=True) is None

    def test_an_unknown_id_returns_none(self, ledger: Ledger) -> None:
        assert ledger.get(samples.payment().id) is None
        assert ledger.order(ORDER, live=False) is None

    def test_several_payments_are_read_by_id_as_they_are_now(self, ledger: Ledger) -> None:
        """More than DynamoDB reads in one batch. An id may be unknown, or given twice."""
        payments = [claimed(ledger, key=f"key-{nth}", order_id=None) for nth in range(101)]
        payments[7] = transitioned(ledger, payments[7], Status.SUCCEEDED)
        unknown = samples.payment(key="another").id
        ids = [payment.id for payment in payments]
        assert ledger.several([*ids, unknown, ids[0]]) == {payment.id: payment for payment in payments}
        assert ledger.several([]) == {}

    @pytest.mark.parametrize("order_id", [None, ORDER])
    def test_a_second_claim_of_a_key_returns_the_stored_payment(self, ledger: Ledger, order_id: str | None) -> None:
        first = claimed(ledger, order_id=order_id)
        now = transitioned(ledger, first, Status.SUCCEEDED)
        assert ledger.claim(samples.payment(order_id=order_id, fingerprint="0" * 64), None) == now

    def test_a_second_claim_of_a_key_for_another_order_takes_no_lock(self, ledger: Ledger) -> None:
        first = claimed(ledger)
        assert ledger.claim(samples.payment(order_id="another"), None) == first
        assert ledger.order("another", live=False) is None

    @pytest.mark.parametrize("status", BLOCKS_THE_ORDER)
    def test_an_order_with_a_payment_that_may_succeed_accepts_no_other(self, ledger: Ledger, status: Status) -> None:
        first = claimed(ledger)
        if status is not first.status:
            transitioned(ledger, first, status)
        second = samples.payment(key="key-2", attempt=2)
        for order in (None, ledger.order(ORDER, live=False)):
            with pytest.raises(OrderMoved):
                ledger.claim(second, order)
        assert ledger.get(second.id) is None
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (first.id,))

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_an_order_with_a_failed_payment_accepts_another(self, ledger: Ledger, status: Status) -> None:
        first = claimed(ledger)
        transitioned(ledger, first, status)
        second = samples.payment(key="key-2", attempt=2)
        assert ledger.claim(second, OrderLock(ORDER, (first.id,))) is None
        assert ledger.get(second.id) == second
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (first.id, second.id))

    def test_a_claim_with_an_outdated_order_lock_raises_order_moved(self, ledger: Ledger) -> None:
        first = claimed(ledger)
        transitioned(ledger, first, Status.FAILED)
        early = ledger.order(ORDER, live=False)
        transitioned(ledger, claimed(ledger, key="key-2", attempt=2), Status.FAILED)
        for order in (None, early):
            with pytest.raises(OrderMoved):
                ledger.claim(samples.payment(key="key-3", attempt=2), order)
        assert claimed(ledger, key="key-3", attempt=3).wire_order_id == f"{ORDER}~3"

    def test_payments_without_an_order_share_no_lock(self, ledger: Ledger) -> None:
        for key in ("key-1", "key-2"):
            claimed(ledger, key=key, order_id=None)


class ReleaseContract:
    @pytest.mark.parametrize("order_id", [None, ORDER])
    def test_a_released_claim_leaves_nothing(self, ledger: Ledger, order_id: str | None) -> None:
        payment = claimed(ledger, order_id=order_id)
        assert ledger.release(payment)
        assert ledger.get(payment.id) is None
        assert ledger.order(ORDER, live=False) is None
        assert due_payments(ledger) == []
        claimed(ledger, order_id=order_id)

    def test_releasing_a_later_attempt_removes_only_that_attempt(self, ledger: Ledger) -> None:
        attempts: tuple[str, ...] = ()
        for nth in (1, 2):
            payment = transitioned(ledger, claimed(ledger, key=f"key-{nth}", attempt=nth), Status.FAILED)
            attempts = (*attempts, payment.id)
        ledger.release(claimed(ledger, key="key-3", attempt=3))
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, attempts)
        assert claimed(ledger, key="key-4", attempt=3).wire_order_id == f"{ORDER}~3"

    def test_a_payment_that_was_written_to_is_not_released(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        after = transitioned(ledger, payment, Status.REQUIRES_ACTION)
        assert not ledger.release(payment)
        assert ledger.get(payment.id) == after
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (payment.id,))

    def test_a_payment_with_a_published_event_is_not_released(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.advance(payment, 1)
        assert not ledger.release(payment)
        assert ledger.get(payment.id) is not None
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (payment.id,))

    def test_a_payment_that_a_retry_was_answered_with_is_not_released(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        replayed = ledger.save(payment, replace(payment, replayed_while_sending=True))
        assert not ledger.release(payment)
        assert ledger.get(payment.id) == replayed
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (payment.id,))

    def test_releasing_twice_or_an_unknown_payment_does_nothing(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        assert ledger.release(payment)
        assert not ledger.release(payment)
        claimed(ledger, key="key-2")
        assert not ledger.release(payment)
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (samples.payment(key="key-2").id,))

    def test_a_late_write_to_a_released_payment_fails_and_creates_nothing(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = due_payments(ledger)
        ledger.release(payment)
        with pytest.raises(Released):
            ledger.save(payment, payment.asked_again(START))
        ledger.advance(payment, 1)
        assert ledger.lease(due, FAR_FUTURE) is None
        assert not ledger.note_refresh(payment.id, START, START - timedelta(seconds=5))
        assert ledger.get(payment.id) is None
        assert stored(ledger, claimed(ledger)) == samples.payment()
