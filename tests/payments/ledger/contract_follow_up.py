"""The contract of following up: what is due is found, and one run at a time has it."""

from datetime import timedelta

from payments.ledger.payment_items import SHARDS, shard_of
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger.ledger_port import Ledger
from tests.payments.ledger.payment_steps import all_due, claimed, moved, standing

FIRST_DUE = START + timedelta(seconds=60)
LEASE = timedelta(seconds=90)
TICK = timedelta(milliseconds=1)


class Following:
    def test_a_payment_is_due_from_its_due_time_on_and_not_before(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        assert all_due(ledger, FIRST_DUE - TICK) == []
        (due,) = all_due(ledger, FIRST_DUE)
        assert (due.payment_id, due.due_at) == (payment.id, FIRST_DUE)

    def test_what_waits_in_any_shard_is_found_the_longest_waiting_first(self, ledger: Ledger) -> None:
        waiting = [claimed(ledger, key=f"key-{n}", order_id=None, at=START - n * TICK) for n in range(40)]
        found = all_due(ledger)
        assert {shard_of(payment.id) for payment in waiting} == set(range(SHARDS))
        assert {due.payment_id for due in found} == {payment.id for payment in waiting}
        for shard in range(SHARDS):
            times = [due.due_at for due in found if shard_of(due.payment_id) == shard]
            assert times == sorted(times)

    def test_no_more_than_the_limit_comes_from_a_shard(self, ledger: Ledger) -> None:
        waiting = [claimed(ledger, key=f"key-{n}", order_id=None, at=START - n * TICK) for n in range(40)]
        found = all_due(ledger, limit=1)
        longest = {shard_of(p.id): p.id for p in sorted(waiting, key=lambda p: p.created_at, reverse=True)}
        assert {shard_of(due.payment_id): due.payment_id for due in found} == longest
        assert len(found) == SHARDS

    def test_what_is_leased_is_not_due_until_the_lease_is_over(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = all_due(ledger)
        until = FIRST_DUE + LEASE
        leased = ledger.lease(due, until)
        assert leased == standing(ledger, payment)
        assert all_due(ledger, until - TICK) == []
        assert [due.due_at for due in all_due(ledger, until)] == [until]

    def test_two_runs_that_found_the_same_payment_do_not_both_get_it(self, ledger: Ledger) -> None:
        claimed(ledger)
        (due,) = all_due(ledger)
        assert ledger.lease(due, FIRST_DUE + LEASE) is not None
        assert ledger.lease(due, FIRST_DUE + LEASE + TICK) is None

    def test_a_payment_that_moved_on_since_it_was_found_is_left_alone(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = all_due(ledger)
        after = moved(ledger, payment, Status.SUCCEEDED)
        assert ledger.lease(due, FIRST_DUE + LEASE) is None
        assert standing(ledger, payment) == after

    def test_a_payment_with_nothing_left_to_do_is_left_alone(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        (due,) = all_due(ledger)
        done = moved(ledger, payment, Status.SUCCEEDED)
        ledger.advance(done, 2)
        assert ledger.lease(due, FIRST_DUE + LEASE) is None
        assert all_due(ledger) == []

    def test_an_order_is_never_due(self, ledger: Ledger) -> None:
        ledger.advance(moved(ledger, claimed(ledger), Status.SUCCEEDED), 2)
        assert ledger.order(samples.ORDER_ID) is not None
        assert all_due(ledger) == []


class Refreshing:
    SECONDS = timedelta(seconds=5)

    def test_the_gateway_is_asked_at_most_once_in_a_while(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        asked = [
            ledger.note_refresh(payment.id, START + timedelta(seconds=n), START + timedelta(seconds=n) - self.SECONDS)
            for n in range(11)
        ]
        assert [n for n, let_through in enumerate(asked) if let_through] == [0, 5, 10]

    def test_asking_changes_nothing_of_the_payment(self, ledger: Ledger) -> None:
        payment = claimed(ledger)
        ledger.note_refresh(payment.id, START, START - self.SECONDS)
        assert standing(ledger, payment) == payment
        moved(ledger, payment, Status.FAILED)

    def test_what_is_not_there_is_not_made_by_asking(self, ledger: Ledger) -> None:
        assert not ledger.note_refresh(samples.payment().id, START, START - self.SECONDS)
        assert ledger.get(samples.payment().id) is None
        claimed(ledger)
