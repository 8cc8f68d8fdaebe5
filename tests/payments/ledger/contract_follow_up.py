"""The contract of the follow-up: due payments are found, and one run at a time has the lease of each."""

from datetime import timedelta

import pytest

from payments.ledger.payment_items import SHARDS, shard_of
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import FAR_FUTURE, claimed, due_payments, stored, transitioned

FIRST_DUE = START + timedelta(seconds=60)
LEASE = timedelta(seconds=90)
TICK = timedelta(milliseconds=1)


class FollowUpContract:
    def test_a_payment_is_due_from_its_due_time_on(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        assert due_payments(ledger, FIRST_DUE - TICK) == []
        (due,) = due_payments(ledger, FIRST_DUE)
        assert (due.payment_id, due.due_at) == (payment.id, FIRST_DUE)

    def test_due_payments_of_every_shard_are_found_oldest_first(self, ledger: Ledger) -> None:
        waiting = [claimed(ledger, key=f"key-{n}", order_id=None, at=START - n * TICK) for n in range(250)]
        found = due_payments(ledger)
        assert {shard_of(payment.id) for payment in waiting} == set(range(SHARDS))
        assert {due.payment_id for due in found} == {payment.id for payment in waiting}
        for shard in range(SHARDS):
            times = [due.due_at for due in found if shard_of(due.payment_id) == shard]
            assert times == sorted(times)

    def test_a_shard_returns_at_most_the_limit(self, ledger: Ledger) -> None:
        waiting = [claimed(ledger, key=f"key-{n}", order_id=None, at=START - n * TICK) for n in range(250)]
        found = due_payments(ledger, limit=1)
        longest = {shard_of(p.id): p.id for p in sorted(waiting, key=lambda p: p.created_at, reverse=True)}
        assert {shard_of(due.payment_id): due.payment_id for due in found} == longest
        assert len(found) == SHARDS

    def test_only_the_shards_that_are_named_are_read(self, ledger: Ledger) -> None:
        waiting = {claimed(ledger, key=f"key-{n}", order_id=None).id for n in range(40)}
        found = [due.payment_id for due in ledger.due(FAR_FUTURE, 100, (3, 5))]
        assert set(found) == {payment_id for payment_id in waiting if shard_of(payment_id) in (3, 5)}
        assert found
        everything = [due for shard in ledger.shards for due in ledger.due(FAR_FUTURE, 100, (shard,))]
        assert {due.payment_id for due in everything} == waiting

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_a_shard_is_read_on_behind_any_payment(self, ledger: Ledger, *, newest_first: bool) -> None:
        keys = [f"key-{n}" for n in range(300) if shard_of(samples.payment(key=f"key-{n}").id) == 3][:5]
        ids = [claimed(ledger, key=key, order_id=None, at=START - n // 2 * TICK).id for n, key in enumerate(keys)]
        assert len(ids) == 5
        whole = list(ledger.due(FAR_FUTURE, 100, (3,), newest_first=newest_first))
        assert {due.payment_id for due in whole} == set(ids)
        times = [due.due_at for due in whole]
        assert times == sorted(times, reverse=newest_first)
        for nth, due in enumerate(whole):
            rest = ledger.due(FAR_FUTURE, 2, (3,), due, newest_first=newest_first)
            assert list(rest) == whole[nth + 1 : nth + 3]

    def test_a_due_payment_shows_whether_it_has_events(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        assert [due.has_events for due in due_payments(ledger)] == [True]
        ledger.advance(payment, 1)
        assert [due.has_events for due in due_payments(ledger)] == [False]
        transitioned(ledger, stored(ledger, payment), Status.REQUIRES_ACTION)
        assert [due.has_events for due in due_payments(ledger)] == [True]

    def test_a_leased_payment_is_not_due_until_the_lease_ends(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = due_payments(ledger)
        until = FIRST_DUE + LEASE
        leased = ledger.lease(due, until)
        assert leased == stored(ledger, payment)
        assert due_payments(ledger, until - TICK) == []
        assert [due.due_at for due in due_payments(ledger, until)] == [until]

    def test_only_one_of_two_runs_gets_the_lease(self, ledger: Ledger) -> None:
        claimed(ledger)
        (due,) = due_payments(ledger)
        assert ledger.lease(due, FIRST_DUE + LEASE) is not None
        assert ledger.lease(due, FIRST_DUE + LEASE + TICK) is None

    def test_a_payment_that_was_written_since_it_was_found_is_not_leased(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = due_payments(ledger)
        after = transitioned(ledger, payment, Status.SUCCEEDED)
        assert ledger.lease(due, FIRST_DUE + LEASE) is None
        assert stored(ledger, payment) == after

    def test_a_payment_with_nothing_left_to_do_is_not_leased(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = due_payments(ledger)
        done = transitioned(ledger, payment, Status.SUCCEEDED)
        ledger.advance(done, 2)
        assert ledger.lease(due, FIRST_DUE + LEASE) is None
        assert due_payments(ledger) == []

    def test_an_order_is_never_due(self, ledger: Ledger) -> None:
        ledger.advance(transitioned(ledger, claimed(ledger), Status.SUCCEEDED), 2)
        assert ledger.order(samples.ORDER_ID, live=False) is not None
        assert due_payments(ledger) == []


class RefreshContract:
    SECONDS = timedelta(seconds=5)

    def test_a_refresh_is_allowed_once_per_interval(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        results = [
            ledger.note_refresh(payment.id, START + timedelta(seconds=n), START + timedelta(seconds=n) - self.SECONDS)
            for n in range(11)
        ]
        assert [n for n, allowed in enumerate(results) if allowed] == [0, 5, 10]

    def test_noting_a_refresh_does_not_change_the_payment(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.note_refresh(payment.id, START, START - self.SECONDS)
        assert stored(ledger, payment) == payment
        transitioned(ledger, payment, Status.FAILED)

    def test_noting_a_refresh_does_not_create_a_payment(self, ledger: Ledger) -> None:
        assert not ledger.note_refresh(samples.payment().id, START, START - self.SECONDS)
        assert ledger.get(samples.payment().id) is None
        claimed(ledger)
