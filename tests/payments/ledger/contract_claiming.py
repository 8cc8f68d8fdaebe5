"""The contract of claiming: one payment a key, one open payment an order; and of taking a claim back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.model.status import FREES_THE_ORDER, Status
from payments.ports.ledger import OrderLock, OrderMoved, Released
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import EVER, all_due, claimed, moved, standing

BLOCKS_THE_ORDER = sorted(set(Status) - FREES_THE_ORDER)
ORDER = samples.ORDER_ID


class Claiming:
    def test_a_claimed_payment_stands_as_it_was_written(self, ledger: Ledger) -> None:
        payment = samples.payment()
        assert ledger.claim(payment, None) is None
        assert ledger.get(payment.id) == payment
        assert ledger.order(ORDER) == OrderLock(ORDER, (payment.id,))

    def test_nothing_stands_under_an_unknown_name(self, ledger: Ledger) -> None:
        assert ledger.get(samples.payment().id) is None
        assert ledger.order(ORDER) is None

    @pytest.mark.parametrize("order_id", [None, ORDER])
    def test_a_second_claim_of_a_key_gets_the_payment_as_it_stands_now(
        self, ledger: Ledger, order_id: str | None
    ) -> None:
        first = claimed(ledger, order_id=order_id)
        now = moved(ledger, first, Status.SUCCEEDED)
        assert ledger.claim(samples.payment(order_id=order_id, fingerprint="0" * 64), None) == now

    def test_a_second_claim_of_a_key_for_another_order_takes_no_order(self, ledger: Ledger) -> None:
        first = claimed(ledger)
        assert ledger.claim(samples.payment(order_id="another"), None) == first
        assert ledger.order("another") is None

    @pytest.mark.parametrize("status", BLOCKS_THE_ORDER)
    def test_an_order_whose_payment_may_still_succeed_takes_no_other(self, ledger: Ledger, status: Status) -> None:
        first = claimed(ledger)
        if status is not first.status:
            moved(ledger, first, status)
        second = samples.payment(key="key-2", attempt=2)
        for order in (None, ledger.order(ORDER)):
            with pytest.raises(OrderMoved):
                ledger.claim(second, order)
        assert ledger.get(second.id) is None
        assert ledger.order(ORDER) == OrderLock(ORDER, (first.id,))

    @pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
    def test_an_order_whose_payment_failed_takes_another(self, ledger: Ledger, status: Status) -> None:
        first = claimed(ledger)
        moved(ledger, first, status)
        second = samples.payment(key="key-2", attempt=2)
        assert ledger.claim(second, OrderLock(ORDER, (first.id,))) is None
        assert ledger.get(second.id) == second
        assert ledger.order(ORDER) == OrderLock(ORDER, (first.id, second.id))

    def test_an_order_that_was_read_too_early_is_read_again(self, ledger: Ledger) -> None:
        first = claimed(ledger)
        moved(ledger, first, Status.FAILED)
        early = ledger.order(ORDER)
        moved(ledger, claimed(ledger, key="key-2", attempt=2), Status.FAILED)
        for order in (None, early):
            with pytest.raises(OrderMoved):
                ledger.claim(samples.payment(key="key-3", attempt=2), order)
        assert claimed(ledger, key="key-3", attempt=3).wire_order_id == f"{ORDER}~3"

    def test_payments_without_an_order_do_not_touch_one_another(self, ledger: Ledger) -> None:
        for key in ("key-1", "key-2"):
            claimed(ledger, key=key, order_id=None)


class Releasing:
    @pytest.mark.parametrize("order_id", [None, ORDER])
    def test_a_claim_taken_back_leaves_nothing(self, ledger: Ledger, order_id: str | None) -> None:
        payment = claimed(ledger, order_id=order_id)
        assert ledger.release(payment)
        assert ledger.get(payment.id) is None
        assert ledger.order(ORDER) is None
        assert all_due(ledger) == []
        claimed(ledger, order_id=order_id)

    def test_a_later_attempt_gives_back_its_place_and_no_other(self, ledger: Ledger) -> None:
        attempts: tuple[str, ...] = ()
        for nth in (1, 2):
            payment = moved(ledger, claimed(ledger, key=f"key-{nth}", attempt=nth), Status.FAILED)
            attempts = (*attempts, payment.id)
        ledger.release(claimed(ledger, key="key-3", attempt=3))
        assert ledger.order(ORDER) == OrderLock(ORDER, attempts)
        assert claimed(ledger, key="key-4", attempt=3).wire_order_id == f"{ORDER}~3"

    def test_what_somebody_has_written_to_is_not_taken_back(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        after = moved(ledger, payment, Status.REQUIRES_ACTION)
        assert not ledger.release(payment)
        assert ledger.get(payment.id) == after
        assert ledger.order(ORDER) == OrderLock(ORDER, (payment.id,))

    def test_what_the_bus_has_heard_of_is_not_taken_back(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.advance(payment, 1)
        assert not ledger.release(payment)
        assert ledger.get(payment.id) is not None
        assert ledger.order(ORDER) == OrderLock(ORDER, (payment.id,))

    def test_what_another_caller_was_told_of_is_not_taken_back(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        told = ledger.save(payment, replace(payment, replayed_while_sending=True))
        assert not ledger.release(payment)
        assert ledger.get(payment.id) == told
        assert ledger.order(ORDER) == OrderLock(ORDER, (payment.id,))

    def test_taking_back_twice_or_what_never_was_does_nothing(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        assert ledger.release(payment)
        assert not ledger.release(payment)
        claimed(ledger, key="key-2")
        assert not ledger.release(payment)
        assert ledger.order(ORDER) == OrderLock(ORDER, (samples.payment(key="key-2").id,))

    def test_whoever_is_still_at_work_on_it_is_told_and_leaves_no_trace(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = all_due(ledger)
        ledger.release(payment)
        with pytest.raises(Released):
            ledger.save(payment, payment.asked_again(START))
        ledger.advance(payment, 1)
        assert ledger.lease(due, EVER) is None
        assert not ledger.note_refresh(payment.id, START, START - timedelta(seconds=5))
        assert ledger.get(payment.id) is None
        assert standing(ledger, claimed(ledger)) == samples.payment()
