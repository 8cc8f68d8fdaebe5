"""The relay publishes what was left to it, in order, and nothing else; what it cannot do is delivered again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from payments.events.event import Event
from payments.events.relay import MAX_LEFT_IN_A_ROW, ONE_PAYMENT_SECONDS, Relay, StreamRecord
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.ledger import TableBusy
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.gateway import Answers
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem
from tests.payments.events.stream_mapping import StreamMapping, records_of

PLENTY = 60.0


def charged(system: PaymentSystem, key: str = "key-1") -> Payment:
    """A payment that succeeded at once: two entries, left to the relay."""
    system.gateway.script_charges(Answers("SUCCESS"))
    return system.charge(samples.charge_request(idempotency_key=key, order_id=None)).payment


def relay(system: PaymentSystem, *payments: Payment | str) -> str | None:
    """One batch with a record for each payment."""
    return system.relay.relay(records_of(*payments), lambda: PLENTY)


def ids(*payments: Payment) -> list[str]:
    return [f"{payment.id}:{nth}" for payment in payments for nth in (1, 2)]


class TestWhatIsPublished:
    def test_what_a_charge_has_written(self, system: PaymentSystem) -> None:
        payment = charged(system)
        assert relay(system, payment) is None
        assert system.bus.ids() == ids(payment)
        assert system.reload(payment).published == 2
        assert system.nothing_is_due
        assert "relay_incomplete" not in system.telemetry.signals

    @pytest.mark.parametrize("live", [True, False])
    def test_also_of_the_other_mode(self, system: PaymentSystem, live: bool) -> None:  # noqa: FBT001
        paid = samples.payment(live=live, order_id=None).transition_to(
            Status.SUCCEEDED, at=START, source="reconciliation", evidence={}
        )
        system.ledger.claim(paid, None)
        relay(system, paid)
        assert [event.detail["data"]["live"] for event in system.bus.events] == [live, live]

    def test_a_mere_claim_is_not_because_it_may_still_be_deleted(self, system: PaymentSystem) -> None:
        claim = samples.payment()
        system.ledger.claim(claim, None)
        assert relay(system, claim) is None
        assert system.bus.events == []
        assert system.ledger.release(claim)

    def test_what_the_webhook_wrote_is_its_own(self, system: PaymentSystem) -> None:
        payment = system.charge().payment
        system.gateway.charges[0].raw_status = "SUCCESS"
        system.bus.takes = 0
        system.webhook(payment)
        system.bus.takes = None
        assert relay(system, payment) is None
        assert system.bus.events == []

    def test_a_webhook_without_news_leaves_to_the_relay_what_is_the_relays(self, system: PaymentSystem) -> None:
        payment = charged(system)
        system.webhook(payment)
        assert system.bus.events == []
        relay(system, payment)
        assert system.bus.ids() == ids(payment)

    def test_nothing_of_an_item_that_is_gone_or_no_payment(self, system: PaymentSystem) -> None:
        gone = samples.payment(key="gone").id
        assert relay(system, gone, "order#test#1001", "reconciliation#last", "") is None
        assert system.bus.events == []
        assert system.telemetry.signals == []


class TestTheRecords:
    def test_repeated_ones_publish_nothing_again(self, system: PaymentSystem) -> None:
        payment = charged(system)
        for _ in range(3):
            assert relay(system, payment, payment, payment) is None
        assert system.bus.ids() == ids(payment)

    def test_in_any_order_they_keep_the_order_of_a_payment(self, system: PaymentSystem) -> None:
        payments = [charged(system, key) for key in ("a", "b", "c")]
        first, second, third = payments
        assert relay(system, third, first, third, second, first) is None
        assert system.bus.ids() == ids(third, first, second)

    def test_of_one_payment_all_are_done_at_once(self, system: PaymentSystem) -> None:
        """A record names only the payment: a later write of the same batch is published with the first record."""
        payment = charged(system)
        system.refund(payment)
        point = CrashPoint()
        once = replace(system.relay, ledger=CrashingProxy(system.ledger, point))
        assert once.relay(records_of(payment, payment, payment), lambda: PLENTY) is None
        assert point.steps.count("before get") == 1
        assert system.bus.ids() == [f"{payment.id}:{nth}" for nth in (1, 2, 3, 4)]

    def test_after_a_split_both_shards_may_deliver_one(self, system: PaymentSystem) -> None:
        """The second one publishes between the bus and the cursor of the first."""
        payment = charged(system)

        class Slow(RecordingBus):
            def publish(self, events: Sequence[Event]) -> int:
                accepted = super().publish(events)
                assert relay(system, payment) is None
                return accepted

        slow = replace(system.relay, bus=Slow())
        slow.bus.events = system.bus.events  # type: ignore[attr-defined]
        assert slow.relay(records_of(payment), lambda: PLENTY) is None
        assert system.bus.ids() == ids(payment) * 2
        assert system.reload(payment).published == 2


class TestTrouble:
    def test_a_bus_that_takes_a_part_gets_the_rest_with_the_next_delivery(self, system: PaymentSystem) -> None:
        payment, other = charged(system), charged(system, "key-2")
        system.bus.takes = 1
        assert relay(system, payment, other, payment) == "100"
        assert system.bus.ids() == [f"{payment.id}:1", f"{other.id}:1"]
        system.bus.takes = None
        assert relay(system, payment, other, payment) is None
        assert system.bus.ids(payment.id) == ids(payment)

    @pytest.mark.parametrize("trouble", ["bus", "table"])
    def test_in_an_outage_a_batch_costs_a_few_calls_and_loses_nothing(
        self, system: PaymentSystem, trouble: str
    ) -> None:
        payments = [charged(system, f"key-{nth}") for nth in range(5)]
        calls: list[str] = []

        class Busy(InMemoryLedger):
            def get(self, payment_id: str) -> Payment | None:
                calls.append(payment_id)
                raise TableBusy("throttled")

        class Down(RecordingBus):
            def publish(self, events: Sequence[Event]) -> int:
                calls.append(events[0].payment_id)
                return 0

        troubled = replace(system.relay, **({"bus": Down()} if trouble == "bus" else {"ledger": Busy()}))
        assert troubled.relay(records_of(*payments), lambda: PLENTY) == "100"
        assert calls == [payment.id for payment in payments[:MAX_LEFT_IN_A_ROW]]
        assert "unexpected_error" not in system.telemetry.signals
        assert system.telemetry.facts_of("relay_incomplete") == [{"records": 5}]
        assert relay(system, *payments) is None
        assert system.bus.ids() == ids(*payments)

    def test_it_begins_no_payment_that_it_could_not_finish(self, system: PaymentSystem) -> None:
        payments = [charged(system, f"key-{nth}") for nth in range(3)]
        left = iter([PLENTY, ONE_PAYMENT_SECONDS])
        assert system.relay.relay(records_of(*payments), lambda: next(left)) == "101"
        assert system.bus.ids() == ids(payments[0])

    def test_a_table_that_is_throttled_before_the_cursor_moves_publishes_again_under_the_same_ids(
        self, system: PaymentSystem
    ) -> None:
        payment = charged(system)

        class Busy:
            def get(self, payment_id: str) -> Payment | None:
                return system.ledger.get(payment_id)

            def advance(self, payment: Payment, published: int) -> None:
                raise TableBusy("throttled")

        assert replace(system.relay, ledger=Busy()).relay(records_of(payment), lambda: PLENTY) == "100"
        assert relay(system, payment) is None
        assert system.bus.ids() == ids(payment) * 2

    def test_a_poison_record_is_put_aside_alone(self, system: PaymentSystem) -> None:
        payments = [charged(system, f"key-{nth}") for nth in range(9)]
        poison = payments[4]
        mapping = StreamMapping(lambda batch: with_poison(system, poison).relay(batch, lambda: PLENTY))
        mapping.run(records_of(*payments, poison, payments[0]))
        assert set(mapping.dead) == {poison.id}
        assert system.bus.ids() == ids(*(payment for payment in payments if payment is not poison))
        assert "unexpected_error" in system.telemetry.signals
        assert len(mapping.calls) < 40

    def test_others_do_not_wait_for_a_poison_record(self, system: PaymentSystem) -> None:
        payments = [charged(system, f"key-{nth}") for nth in range(9)]
        assert with_poison(system, payments[0]).relay(records_of(*payments), lambda: PLENTY) == "100"
        assert system.bus.ids() == ids(*payments[1:])

    @pytest.mark.parametrize("step", range(6))
    def test_killed_at_any_step_it_loses_and_reorders_nothing(self, system: PaymentSystem, step: int) -> None:
        payments = [charged(system, f"key-{nth}") for nth in range(2)]
        point = CrashPoint(step)
        dying = replace(system.relay, ledger=CrashingProxy(system.ledger, point), bus=CrashingProxy(system.bus, point))
        mapping = StreamMapping(lambda batch: dying.relay(batch, lambda: PLENTY))
        mapping.run(records_of(*payments))
        assert len(point.steps) > step, "it did not die"
        assert mapping.dead == []
        for payment in payments:
            assert list(dict.fromkeys(system.bus.ids(payment.id))) == ids(payment)
            assert system.reload(payment).published == 2


def with_poison(system: PaymentSystem, poison: Payment) -> Relay:
    """A relay that cannot read one of the payments."""

    class Poisoned:
        def get(self, payment_id: str) -> Payment | None:
            if payment_id == poison.id:
                raise KeyError(payment_id)
            return system.ledger.get(payment_id)

        def advance(self, payment: Payment, published: int) -> None:
            system.ledger.advance(payment, published)

    return replace(system.relay, ledger=Poisoned())


class TestLeases:
    """Publishing must not end the lease of a run that is asking the gateway: two runs would ask at once."""

    @pytest.fixture
    def open_payment(self, system: PaymentSystem) -> Payment:
        return system.charge().payment

    def lease(self, system: PaymentSystem, until: timedelta) -> Payment:
        (due,) = system.ledger.due(system.clock(), 1)
        leased = system.ledger.lease(due, system.clock() + until)
        assert leased is not None
        return leased

    def test_a_lease_for_a_query_lasts(self, system: PaymentSystem, open_payment: Payment) -> None:
        system.clock.forward(minutes=2)
        leased = self.lease(system, timedelta(seconds=90))
        assert relay(system, open_payment) is None
        assert system.reload(open_payment).follow_up.due_at == leased.follow_up.due_at
        assert system.bus.ids() == ids(open_payment)

    def test_a_lease_for_publishing_ends_because_all_is_published(
        self, system: PaymentSystem, open_payment: Payment
    ) -> None:
        system.ledger.save(
            system.reload(open_payment),
            replace(open_payment, follow_up=replace(open_payment.follow_up, due_at=system.clock())),
        )
        self.lease(system, timedelta(seconds=90))
        assert relay(system, open_payment) is None
        assert system.reload(open_payment).follow_up.due_at == open_payment.follow_up.ask_at


def test_the_lines_name_the_payment(system: PaymentSystem) -> None:
    payment = charged(system)
    system.telemetry.subjects.clear()
    relay(system, payment)
    assert system.telemetry.subjects == [
        (payment.id, None, None),
        (payment.id, payment.order_id, payment.transaction_id),
        (None, None, None),
    ]


def test_the_mapping_of_these_tests_gives_up_what_dies_for_ever(system: PaymentSystem) -> None:
    payment = charged(system)

    def deliver(_: Sequence[StreamRecord]) -> str | None:
        raise Crash("always")

    mapping = StreamMapping(deliver, retries=3)
    mapping.run(records_of(payment))
    assert (mapping.dead, len(mapping.calls)) == ([payment.id], 4)
