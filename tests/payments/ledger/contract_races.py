"""The contract under concurrency: of several simultaneous calls one wins, and the others get an error or the winner."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TypeVar

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import LostRace, OrderLock, OrderMoved, Released
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import FAR_FUTURE, claimed, due_payments, stored, transitioned

T = TypeVar("T")
ROUNDS = 10
LEDGER_ERRORS = (OrderMoved, LostRace, Released)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
    """The result of each call, all started at the same moment: a value or one of LEDGER_ERRORS."""
    start = threading.Barrier(len(calls))

    def result_of(call: Callable[[], T]) -> T | Exception:
        start.wait(30)
        try:
            return call()
        except LEDGER_ERRORS as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(result_of, calls))


class RaceContract:
    def test_fifty_claims_of_one_key_make_one_payment(self, ledger: Ledger) -> None:
        payment = samples.payment()
        results = at_once([lambda: ledger.claim(payment, None)] * 50)
        assert results.count(None) == 1
        assert [result for result in results if result is not None] == [payment] * 49

    def test_fifty_claims_of_one_key_without_an_order_make_one_payment(self, ledger: Ledger) -> None:
        payment = samples.payment(order_id=None)
        results = at_once([lambda: ledger.claim(payment, None)] * 50)
        assert results.count(None) == 1
        assert [result for result in results if result is not None] == [payment] * 49

    def test_two_keys_for_one_order_make_one_payment(self, ledger: Ledger) -> None:
        for nth in range(ROUNDS):
            rivals = [samples.payment(key=f"key-{nth}-{who}", order_id=f"order-{nth}") for who in "ab"]
            results = at_once([lambda rival=rival: ledger.claim(rival, None) for rival in rivals])  # type: ignore[misc]
            self._assert_one_claim_won(ledger, rivals, results, before=())

    def test_two_second_attempts_at_one_order_make_one_payment(self, ledger: Ledger) -> None:
        for nth in range(ROUNDS):
            order_id = f"order-{nth}"
            first = transitioned(ledger, claimed(ledger, key=f"key-{nth}", order_id=order_id), Status.FAILED)
            lock = OrderLock(order_id, (first.id,))
            rivals = [samples.payment(key=f"key-{nth}-{who}", order_id=order_id, attempt=2) for who in "ab"]
            results = at_once([lambda rival=rival, lock=lock: ledger.claim(rival, lock) for rival in rivals])  # type: ignore[misc]
            self._assert_one_claim_won(ledger, rivals, results, before=(first.id,))

    def test_of_two_writers_one_gets_lost_race(self, ledger: Ledger) -> None:
        for nth in range(ROUNDS):
            before = claimed(ledger, key=f"key-{nth}", order_id=None)
            writes = [partial(transitioned, ledger, before, to) for to in (Status.SUCCEEDED, Status.FAILED)]
            results = at_once(writes)
            (won,) = [result for result in results if isinstance(result, Payment)]
            (lost,) = [result for result in results if isinstance(result, LostRace)]
            assert stored(ledger, before) == won == lost.current

    def test_a_claim_is_written_to_or_released_and_never_both(self, ledger: Ledger) -> None:
        for nth in range(ROUNDS):
            before = claimed(ledger, key=f"key-{nth}", order_id=f"order-{nth}")
            calls: list[Callable[[], object]] = [
                lambda before=before: transitioned(ledger, before, Status.FAILED),  # type: ignore[misc]
                lambda before=before: ledger.release(before),  # type: ignore[misc]
            ]
            written, _ = at_once(calls)
            assert (ledger.get(before.id) is None) == isinstance(written, Released)
            assert (ledger.order(f"order-{nth}", live=False) is None) == isinstance(written, Released)

    def test_of_two_concurrent_runs_one_gets_the_lease(self, ledger: Ledger) -> None:
        for nth in range(ROUNDS):
            payment = claimed(ledger, key=f"key-{nth}", order_id=None)
            (due,) = [due for due in due_payments(ledger, START + timedelta(days=1)) if due.payment_id == payment.id]
            results = at_once([lambda due=due: ledger.lease(due, FAR_FUTURE)] * 2)  # type: ignore[misc]
            assert results.count(None) == 1

    def test_of_two_publishers_the_further_one_sets_the_cursor(self, ledger: Ledger) -> None:
        for nth in range(ROUNDS):
            payment = transitioned(ledger, claimed(ledger, key=f"key-{nth}", order_id=None), Status.SUCCEEDED)
            at_once([lambda to=to, payment=payment: ledger.advance(payment, to) for to in (1, 2)])  # type: ignore[misc]
            assert stored(ledger, payment).published == 2

    def test_of_many_concurrent_refreshes_one_is_allowed(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        asked = at_once([lambda: ledger.note_refresh(payment.id, START, START - timedelta(seconds=5))] * 8)
        assert asked.count(True) == 1

    def _assert_one_claim_won(
        self, ledger: Ledger, rivals: list[Payment], results: Sequence[object], before: tuple[str, ...]
    ) -> None:
        (winner,) = [rival for rival, result in zip(rivals, results, strict=True) if result is None]
        (loser,) = [rival for rival in rivals if rival is not winner]
        assert [type(result) for result in results if result is not None] == [OrderMoved]
        order_id = winner.order_id or ""
        assert ledger.order(order_id, live=False) == OrderLock(order_id, (*before, winner.id))
        assert ledger.get(loser.id) is None
