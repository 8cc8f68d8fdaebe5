"""The contract of a takeover: the mark on the old payment, the lock and the new payment are one write."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.model.history import UNRESOLVED, Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import superseded
from payments.ports.ledger import OrderLock, OrderMoved, Superseding
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import claimed, due_payments, stored, transitioned

ORDER = samples.ORDER_ID
LATER = START + timedelta(hours=2)
SECOND = samples.payment(key="key-2", attempt=2, at=LATER)


def marked(payment: Payment) -> Superseding:
    return Superseding(payment, superseded(payment, SECOND.id, LATER))


class SupersessionContract:
    @pytest.fixture
    def left(self, ledger: Ledger) -> Payment:
        return transitioned(ledger, claimed(ledger), Status.REQUIRES_ACTION)

    def test_a_takeover_writes_both_payments_and_the_lock(self, ledger: Ledger, left: Payment) -> None:
        assert ledger.claim(SECOND, ledger.order(ORDER, live=False), marked(left)) is None
        assert stored(ledger, left) == replace(marked(left).after, revision=left.revision + 1)
        assert stored(ledger, SECOND) == SECOND
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (left.id, SECOND.id))
        assert left.id in {due.payment_id for due in due_payments(ledger, LATER)}

    def test_a_takeover_of_a_payment_with_news_writes_nothing(self, ledger: Ledger, left: Payment) -> None:
        paid = transitioned(ledger, left, Status.SUCCEEDED)
        with pytest.raises(OrderMoved):
            ledger.claim(SECOND, ledger.order(ORDER, live=False), marked(left))
        assert stored(ledger, left) == paid
        assert ledger.get(SECOND.id) is None
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (left.id,))

    def test_a_takeover_with_an_outdated_lock_writes_nothing(self, ledger: Ledger, left: Payment) -> None:
        for lock in (None, OrderLock(ORDER, (left.id, "pay_other"))):
            with pytest.raises(OrderMoved):
                ledger.claim(SECOND, lock, marked(left))
        assert stored(ledger, left) == left
        assert ledger.get(SECOND.id) is None

    def test_a_takeover_of_a_claimed_key_returns_its_payment(self, ledger: Ledger, left: Payment) -> None:
        other = claimed(ledger, key="key-2", order_id="another")
        assert ledger.claim(SECOND, ledger.order(ORDER, live=False), marked(left)) == other
        assert stored(ledger, left) == left

    def test_a_superseded_payment_frees_the_order_again_when_its_successor_is_released(
        self, ledger: Ledger, left: Payment
    ) -> None:
        ledger.claim(SECOND, ledger.order(ORDER, live=False), marked(left))
        assert ledger.release(SECOND)
        assert ledger.order(ORDER, live=False) == OrderLock(ORDER, (left.id,))
        third = samples.payment(key="key-3", attempt=2)
        assert ledger.claim(third, ledger.order(ORDER, live=False)) is None

    @pytest.mark.parametrize("status", [Status.PENDING, Status.NEEDS_REVIEW])
    def test_a_superseded_payment_on_which_somebody_decides_gives_nothing_away(
        self, ledger: Ledger, left: Payment, status: Status
    ) -> None:
        cancelled = ledger.save(left, superseded(left, None, LATER))
        transitioned(ledger, cancelled, status)
        with pytest.raises(OrderMoved):
            ledger.claim(SECOND, ledger.order(ORDER, live=False))
        assert ledger.get(SECOND.id) is None

    def test_a_superseded_payment_without_a_verdict_to_the_end_frees_the_order(
        self, ledger: Ledger, left: Payment
    ) -> None:
        cancelled = ledger.save(left, superseded(left, None, LATER))
        failure = Failure(UNRESOLVED, "no verdict")
        ended = cancelled.transition_to(
            Status.NEEDS_REVIEW, at=LATER, source="status", evidence={"asks": 7}, failure=failure
        )
        ledger.save(cancelled, ended)
        assert ledger.claim(SECOND, ledger.order(ORDER, live=False)) is None

    def test_a_superseded_payment_takes_its_late_verdict(self, ledger: Ledger, left: Payment) -> None:
        ledger.claim(SECOND, ledger.order(ORDER, live=False), marked(left))
        late = transitioned(ledger, stored(ledger, left), Status.SUCCEEDED)
        assert stored(ledger, left) == late
        assert late.superseded_at == LATER
