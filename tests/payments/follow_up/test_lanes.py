"""What a run asks, and what it leaves: silence, the other mode, missing keys, full lanes and the order of a backlog."""

import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

import pytest

from payments.errors import SecretUnusable
from payments.follow_up.due_payments import OLDER_FOR_EACH_NEW, PAGE, due_payments
from payments.follow_up.lanes import ROOM, InTurn, Lane, Lanes, Task, Threads
from payments.follow_up.questions import Questions
from payments.follow_up.run import PUBLICATION_SECONDS, run
from payments.model.gateway_transaction import GatewayTransaction
from payments.outcome.status_query import MAX_UNANSWERED
from payments.ports.gateway import NoAnswer
from payments.ports.ledger import Due
from tests.fakes.gateway import ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.threads import in_threads
from tests.payments.assembled import PaymentSystem
from tests.payments.follow_up.test_parallel import charges

MANY = 12


def due_times(system: PaymentSystem) -> dict[str, datetime | None]:
    return {payment.id: payment.follow_up.due_at for payment in system.ledger.payments()}


class TestQuestions:
    @pytest.mark.parametrize(("at_once", "limit"), [(1, MAX_UNANSWERED), (MAX_UNANSWERED, MAX_UNANSWERED), (20, 20)])
    def test_so_many_in_a_row_without_an_answer_end_them(self, at_once: int, limit: int) -> None:
        questions = Questions(at_once)
        for _ in range(2):
            for _ in range(limit - 1):
                assert questions.begin()
                questions.end(answered=False)
            assert questions.begin()
            questions.end(answered=True)
        for _ in range(limit):
            assert questions.begin()
            questions.end(answered=False)
        assert not questions.is_open
        assert not questions.begin()

    def test_a_question_that_was_not_asked_counts_neither_way(self) -> None:
        questions = Questions(1)
        for answered in (False, None, False, None, None, False):
            assert questions.begin()
            questions.end(answered=answered)
        assert not questions.is_open

    def test_a_silent_gateway_gets_no_more_questions_than_are_asked_at_once(self) -> None:
        """The first threads to hear nothing wait for the others instead of asking once more."""
        questions, asked = Questions(5), []
        all_asking = threading.Barrier(5)

        def ask_on() -> None:
            while questions.begin():
                asked.append(1)
                if len(asked) <= 5:
                    all_asking.wait(10)
                questions.end(answered=False)

        in_threads(5, ask_on)
        assert len(asked) == 5

    def test_closing_ends_the_wait_for_an_answer(self) -> None:
        questions = Questions(3)
        for _ in range(3):
            assert questions.begin()
        waiting = threading.Thread(target=questions.begin)
        waiting.start()
        questions.close()
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_silent_gateway_leaves_the_others_due_and_unleased(system: PaymentSystem) -> None:
    charges(system, "in-doubt", MANY, published=True)
    system.clock.forward(minutes=2)
    before = due_times(system)
    system.gateway.script_statuses(*[NoAnswer("timed out")] * MANY)

    run(system.finisher, lambda: 55.0, system.telemetry)

    changed = [payment_id for payment_id, due_at in due_times(system).items() if due_at != before[payment_id]]
    assert len(system.gateway.asked) == len(changed) == MAX_UNANSWERED


def test_payments_of_the_other_mode_end_no_questions(system: PaymentSystem) -> None:
    """They wait for years in a stack that was switched. Nobody can ask about them here, which says nothing."""
    charges(system, "other", MANY, published=True)
    system.gateway.live = True
    system.clock.forward(minutes=1)
    system.gateway.live = False
    for payment in system.ledger.payments():
        system.ledger._table[payment.id]["live"] = True
    charges(system, "ours", 1, published=True)
    system.clock.forward(minutes=2)

    summary = run(system.finisher, lambda: 55.0, system.telemetry)

    assert len(system.gateway.asked) == 1
    assert summary.finished == MANY + 1
    assert all(payment.follow_up.asks == 1 for payment in system.ledger.payments() if payment.live)


def test_without_keys_one_question_is_tried_and_every_event_is_published(
    system: PaymentSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    charges(system, "in-doubt", MANY, published=True)
    system.clock.forward(minutes=2)
    charges(system, "new", MANY, published=False)
    system.clock.forward(minutes=2)
    before, tried = due_times(system), []

    def status(order_id: str, seconds: float) -> GatewayTransaction:
        tried.append(order_id)
        raise SecretUnusable("secret_key is not filled in")

    monkeypatch.setattr(system.gateway, "status", status)
    run(system.finisher, lambda: 55.0, system.telemetry)

    assert len(tried) == 1
    assert not any(payment.has_unpublished for payment in system.ledger.payments())
    unasked = [payment.id for payment in system.ledger.payments() if payment.wire_order_id not in tried][: MANY - 1]
    assert [due_times(system)[payment_id] for payment_id in unasked] == [before[payment_id] for payment_id in unasked]


def test_an_outcome_is_not_published_in_the_last_seconds(system: PaymentSystem) -> None:
    """It stays due, and a later run publishes it."""
    charges(system, "in-doubt", 1, published=True)
    system.clock.forward(minutes=2)
    left = {"seconds": 55.0}
    system.gateway.before_status = lambda: left.update(seconds=PUBLICATION_SECONDS - 0.1)

    run(system.finisher, lambda: left["seconds"], system.telemetry)
    (payment,) = system.ledger.payments()
    assert payment.has_unpublished

    system.gateway.before_status = None
    system.clock.forward(minutes=3)
    run(system.finisher, lambda: 55.0, system.telemetry)
    (payment,) = system.ledger.payments()
    assert not payment.has_unpublished
    assert system.bus.types() == ["payment.succeeded"]


class TestOrder:
    def test_the_longest_due_come_first_over_all_shards(self, system: PaymentSystem) -> None:
        for nth in range(PAGE):
            charges(system, f"key-{nth}", 1, published=False)
            system.clock.forward(seconds=1)
        system.clock.forward(minutes=2)

        times = [due.due_at for due in due_payments(system.ledger, system.ledger.shards, system.clock())]

        assert (times, len(times)) == (sorted(times), PAGE)

    def test_in_a_backlog_every_fourth_is_the_newest_and_none_is_missing(self, system: PaymentSystem) -> None:
        count = 8 * PAGE
        for nth in range(count):
            charges(system, f"key-{nth}", 1, published=False)
            system.clock.forward(seconds=1)
        system.clock.forward(minutes=2)
        newest = max(due.due_at for due in system.ledger.due(system.clock(), count))

        found = list(due_payments(system.ledger, system.ledger.shards, system.clock()))

        assert {due.payment_id for due in found} == {payment.id for payment in system.ledger.payments()}
        beginning = [due.due_at for due in islice(found, 3 * PAGE)]
        assert beginning[PAGE + 2] == newest
        share = sum(at > newest - timedelta(seconds=PAGE) for at in beginning[PAGE:])
        assert share == 2 * PAGE // (OLDER_FOR_EACH_NEW + 1)

    def test_a_payment_that_cannot_be_leased_does_not_hide_those_behind_it(self, system: PaymentSystem) -> None:
        """More than a page of them in one shard: they stay due, at the front."""
        ids = charges(system, "key", 40 * PAGE, published=True)
        system.clock.forward(minutes=2)
        (shard,) = (3,)
        in_shard = [due.payment_id for due in system.ledger.due(system.clock(), len(ids), (shard,))]
        assert len(in_shard) > PAGE
        found = due_payments(system.ledger, [shard], system.clock())
        assert {due.payment_id for due in found} == set(in_shard)


@pytest.mark.parametrize("lanes", [InTurn, lambda: Threads(2, 2)], ids=["in turn", "threads"])
class TestEachKindOfLanes:
    def test_every_task_is_done_also_those_that_tasks_submit(self, lanes: "type[Lanes]") -> None:
        done: list[int] = []
        with lanes() as made:

            def task(nth: int) -> None:
                done.append(nth)
                if nth < 20:
                    made.submit(Lane.ASKING if nth % 2 else Lane.PUBLISHING, lambda: task(nth + 10))

            for nth in range(10):
                made.submit(Lane.PUBLISHING, lambda nth=nth: task(nth))  # type: ignore[misc]
            made.wait(lambda: made.is_idle)
        assert sorted(done) == list(range(30))

    def test_what_ends_a_task_ends_the_run(self, lanes: "type[Lanes]") -> None:
        def task() -> None:
            raise KeyboardInterrupt

        with lanes() as made:
            made.submit(Lane.ASKING, task)
            with pytest.raises(KeyboardInterrupt):
                made.wait(lambda: made.is_idle)


def test_in_turn_publishes_before_it_asks() -> None:
    order: list[str] = []
    lanes = InTurn()
    lanes.submit(Lane.ASKING, lambda: order.append("ask"))
    lanes.submit(Lane.PUBLISHING, lambda: order.append("publish"))
    lanes.wait(lambda: lanes.is_idle)
    assert order == ["publish", "ask"]


def test_a_slow_answering_gateway_leaves_no_payment_of_a_full_lane(system: PaymentSystem) -> None:
    """More questions than a lane has room for: the pass leaves some, and the next pass takes them."""
    system.gateway = ScriptedGateway()
    charges(system, "in-doubt", 3 * ROOM, published=True)
    system.clock.forward(minutes=2)

    summary = run(system.finisher, lambda: 55.0, system.telemetry, lanes=Threads(4))

    assert summary.finished == len(system.gateway.asked) == 3 * ROOM


class Watched(InTurn):
    """Lanes that note how many tasks wait."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0

    def submit(self, lane: Lane, task: Task) -> None:
        """See `Lanes.submit`."""
        super().submit(lane, task)
        self.most = max(self.most, self.waiting(lane))


def test_a_backlog_waits_in_the_index_and_not_in_memory(system: PaymentSystem) -> None:
    charges(system, "in-doubt", 3 * ROOM, published=True)
    system.clock.forward(minutes=2)
    lanes = Watched()

    assert run(system.finisher, lambda: 55.0, system.telemetry, lanes=lanes).finished == 3 * ROOM
    assert lanes.most == ROOM


class CountingLedger(InMemoryLedger):
    """An index that counts how often a run begins to read its first shard."""

    passes = 0

    def due(
        self,
        now: datetime,
        limit: int,
        shards: Iterable[int] | None = None,
        after: Due | None = None,
        *,
        newest_first: bool = False,
    ) -> Iterator[Due]:
        """See `FollowUpLedger.due`."""
        self.passes += shards == (0,) and after is None and not newest_first
        return super().due(now, limit, shards, after, newest_first=newest_first)


def test_a_backlog_of_questions_is_read_thrice_and_asked_about_in_its_order(system: PaymentSystem) -> None:
    system.ledger = ledger = CountingLedger()
    for nth in range(8 * ROOM):
        charges(system, f"key-{nth}", 1, published=False)
        system.clock.forward(seconds=1)
    for payment in ledger.payments():
        ledger.advance(payment, payment.version)
    system.clock.forward(minutes=2)

    assert run(system.finisher, lambda: 55.0, system.telemetry).finished == 8 * ROOM

    assert ledger.passes <= 3
    place = {payment.wire_order_id: nth for nth, payment in enumerate(ledger.payments())}
    later = [place[order_id] for order_id in system.gateway.asked[2 * ROOM : 4 * ROOM]]
    from_the_front = [nth for nth in later if nth < 5 * ROOM]
    assert from_the_front == sorted(from_the_front)
    assert len(from_the_front) == len(later) * OLDER_FOR_EACH_NEW // (OLDER_FOR_EACH_NEW + 1)
