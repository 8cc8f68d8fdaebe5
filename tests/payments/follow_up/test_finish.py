"""The follow-up queries a payment less and less often, in one run at a time, and leaves the rest to a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.follow_up.finish import LEASE
from payments.follow_up.schedule import BACK_OFF
from payments.model.follow_up import FIRST_ASK
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, UnknownToGateway
from payments.ports.ledger import Due
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem, finish, finisher_of

NO_NEWS = UnknownToGateway("no such payment, and the payment is known to have arrived")


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """A payment in doubt that has arrived at the gateway and waits for the shopper there."""
    system.gateway.script_charges(Fails(NoAnswer("timed out"), raw_status="REDIRECT"))
    charged = system.charge().payment
    return system.ledger.save(charged, replace(charged, follow_up=replace(charged.follow_up, arrived=True)))


def due(system: PaymentSystem) -> Due:
    """The only payment that is due now."""
    (found,) = system.ledger.due(system.clock(), 10)
    return found


def waits_after(system: PaymentSystem, payment: Payment, error: GatewayError, queries: int) -> list[timedelta]:
    """Makes so many queries that end in the error. Returns the wait after each."""
    waits = []
    for _ in range(queries):
        system.gateway.script_statuses(error)
        asked = len(system.gateway.asked)
        system.follow_up_until(lambda asked=asked: len(system.gateway.asked) > asked)  # type: ignore[misc]
        at = system.clock()
        system.follow_up()
        ask_at = system.reload(payment).follow_up.ask_at
        waits.append(ask_at - at if ask_at else timedelta(0))
    return waits


class TestQuerying:
    def test_each_wait_is_longer_and_up_to_a_fifth_above_the_plan(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        waits = waits_after(system, payment, NO_NEWS, len(BACK_OFF))
        assert all(planned <= wait <= planned * 1.2 for planned, wait in zip(BACK_OFF, waits, strict=True))

    def test_waits_differ_between_payments_and_depend_on_the_payment_alone(self) -> None:
        systems = [PaymentSystem(), PaymentSystem(), PaymentSystem()]
        keys = ["key-1", "key-1", "key-2"]
        waits = []
        for system, key in zip(systems, keys, strict=True):
            system.gateway.script_charges(Fails(NoAnswer("timed out")))
            payment = system.charge(samples.charge_request(idempotency_key=key)).payment
            waits.append(waits_after(system, payment, NO_NEWS, 3))
        assert waits[0] == waits[1] != waits[2]

    def test_the_last_query_without_news_puts_the_payment_into_review(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        waits_after(system, payment, NO_NEWS, len(BACK_OFF))
        assert system.reload(payment).status is Status.PROCESSING
        waits_after(system, payment, NO_NEWS, 1)
        after = system.reload(payment)
        assert after.status is Status.NEEDS_REVIEW
        assert after.failure is not None
        assert after.failure.code == "unresolved"
        assert "payment_needs_review" in system.telemetry.signals
        assert system.bus.types()[-1] == "payment.needs_review"
        assert system.nothing_is_due

    def test_a_webhook_still_resolves_a_payment_that_is_in_review_as_unresolved(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        waits_after(system, payment, NO_NEWS, len(BACK_OFF) + 1)
        system.gateway.charges[0].raw_status = "SUCCESS"
        system.webhook(system.reload(payment))
        assert system.reload(payment).status is Status.SUCCEEDED

    def test_a_transition_starts_the_schedule_again(self, system: PaymentSystem, payment: Payment) -> None:
        waits_after(system, payment, NO_NEWS, 3)
        system.follow_up_until(lambda: system.reload(payment).status is Status.REQUIRES_ACTION)
        assert system.reload(payment).follow_up.asks == 0
        assert system.reload(payment).follow_up.ask_at == system.clock() + FIRST_ASK

    @pytest.mark.parametrize("raw_status", ["SUCCESS", "FAILED", "BLOCKED", "ABANDONED"])
    def test_a_verdict_ends_the_queries(self, system: PaymentSystem, payment: Payment, raw_status: str) -> None:
        system.gateway.charges[0].raw_status = raw_status
        system.follow_up(minutes=1)
        after = system.reload(payment)
        assert after.history[-1].evidence["gateway_status"] == raw_status
        assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.nothing_is_due

    def test_publishing_makes_no_query_before_its_time(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("PENDING"))
        payment = system.charge().payment
        system.follow_up()
        assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.gateway.asked == []
        assert system.reload(payment).follow_up.due_at == START + FIRST_ASK

    def test_a_webhook_during_a_query_makes_the_next_query_due_at_once(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        """The older answer of the query must not postpone it."""
        waits_after(system, payment, NO_NEWS, 4)

        class WebhookDuringStatus:
            """A gateway with a lagging status API. A webhook arrives while it is queried."""

            live = False

            def status(self, order_id: str, seconds: float) -> object:
                system.clock.forward(seconds=2)
                system.gateway.script_statuses(NoAnswer("timed out"))
                system.webhook(system.reload(payment))
                raise UnknownToGateway("lags")

        system.clock.now = system.reload(payment).follow_up.ask_at or system.clock.now
        gateway = WebhookDuringStatus()
        finisher = finisher_of(system.ledger, gateway, system.bus, system.clock, system.telemetry)  # type: ignore[arg-type]
        finish(finisher, due(system))
        after = system.reload(payment)
        assert (after.status, after.follow_up.arrived) == (Status.PROCESSING, True)
        assert after.follow_up.due_at == system.clock()


class TestTheLease:
    def test_two_runs_do_not_query_the_same_payment(self, system: PaymentSystem, payment: Payment) -> None:
        system.clock.forward(minutes=1)
        found = due(system)
        assert finish(system.finisher, found) is not None
        assert finish(system.finisher, found) is None
        assert len(system.gateway.asked) == 1

    @pytest.mark.parametrize("at", range(9))
    def test_a_payment_of_a_crashed_run_is_finished_after_its_lease(
        self, system: PaymentSystem, payment: Payment, at: int
    ) -> None:
        system.gateway.charges[0].raw_status = "SUCCESS"
        system.clock.forward(minutes=1)
        crash_point = CrashPoint(at)
        wired = [CrashingProxy(part, crash_point) for part in (system.ledger, system.gateway, system.bus)]
        crashing = finisher_of(wired[0], wired[1], wired[2], system.clock, system.telemetry)
        with pytest.raises(Crash):
            finish(crashing, due(system))
        system.follow_up()
        system.follow_up(seconds=LEASE.total_seconds())
        assert system.reload(payment).status is Status.SUCCEEDED
        assert list(dict.fromkeys(system.bus.ids())) == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.nothing_is_due

    def test_the_lease_ends_at_once_when_the_clock_went_back_and_nothing_is_due(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("PENDING"))
        payment = system.charge().payment
        system.follow_up()
        system.clock.forward(seconds=60)
        found, before = due(system), system.reload(payment)
        system.clock.forward(seconds=-30)
        assert finish(system.finisher, found) is not None
        assert system.gateway.asked == []
        assert system.reload(payment).follow_up == before.follow_up

    def test_a_claim_released_during_a_query_stays_released(self, system: PaymentSystem) -> None:
        claimed = samples.payment()
        system.ledger.claim(claimed, None)
        system.bus.takes = 0  # a claim with published events is never released
        system.clock.forward(minutes=1)

        class ReleaseDuringStatus:
            """A gateway without the payment. The claim is released while it is queried."""

            live = False

            def status(self, order_id: str, seconds: float) -> object:
                system.ledger.release(claimed)
                raise UnknownToGateway("no such payment")

        gateway = ReleaseDuringStatus()
        finisher = finisher_of(system.ledger, gateway, system.bus, system.clock, system.telemetry)  # type: ignore[arg-type]
        assert finish(finisher, due(system)) is None
        assert system.ledger.payments() == []
        assert system.bus.events == []


class TestABusOutage:
    @pytest.mark.parametrize("raw_status", ["SUCCESS", "REDIRECT"])
    def test_every_event_is_published_after_hours_of_outage(
        self, system: PaymentSystem, payment: Payment, raw_status: str
    ) -> None:
        system.gateway.charges[0].raw_status, system.bus.takes = raw_status, 0
        for _ in range(4 * 60):
            system.follow_up(minutes=1)
        system.bus.takes = None
        system.follow_up(minutes=2)
        after = system.reload(payment)
        assert system.bus.ids() == [f"{payment.id}:{n}" for n in range(1, after.version + 1)]

    def test_an_outage_of_the_bus_causes_no_more_queries(self, system: PaymentSystem, payment: Payment) -> None:
        system.bus.takes = 0
        for _ in range(4 * 60):
            system.follow_up(minutes=1)
        assert len(system.gateway.asked) <= 7

    def test_publishing_is_tried_before_and_after_the_query_and_then_once_a_lease(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        system.gateway.charges[0].raw_status, system.bus.takes = "SUCCESS", 0
        system.follow_up(minutes=1)
        for _ in range(60):
            system.follow_up(seconds=1)
        assert system.telemetry.signals.count("publish_incomplete") == 3
