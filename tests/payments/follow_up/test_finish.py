"""Following up: asks later and later, one run at a time, and gives up by asking a human."""

from datetime import timedelta

import pytest

from payments.follow_up.finish import LEASE, FollowUps
from payments.follow_up.schedule import BACK_OFF
from payments.model.follow_up import FIRST_ASK
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused, UnknownToGateway
from payments.ports.ledger import Due
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, Fuse, Wired
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem, finish

SILENCE = [NoAnswer("timed out"), NotSent("no route"), Refused("no")]


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """In doubt; the bus has been told that it is processing."""
    system.gateway.will(Fails(NoAnswer("timed out"), booked="REDIRECT"))
    return system.charge().payment


def due(system: PaymentSystem) -> Due:
    """The one payment that is due now."""
    (found,) = system.ledger.due(system.clock(), 10)
    return found


def unanswered(system: PaymentSystem, payment: Payment, error: GatewayError, questions: int) -> list[timedelta]:
    """The waits between so many questions that brought nothing."""
    waits = []
    for _ in range(questions):
        system.gateway.will_say(error)
        asked = len(system.gateway.asked)
        system.follow_up_until(lambda asked=asked: len(system.gateway.asked) > asked)  # type: ignore[misc]
        at = system.clock()
        system.follow_up()
        ask_at = system.reload(payment).follow_up.ask_at
        waits.append(ask_at - at if ask_at else timedelta(0))
    return waits


class TestAsking:
    @pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
    def test_waits_longer_each_time_and_up_to_a_fifth_more(
        self, system: PaymentSystem, payment: Payment, error: GatewayError
    ) -> None:
        waits = unanswered(system, payment, error, len(BACK_OFF))
        assert all(wait <= waited <= wait * 1.2 for wait, waited in zip(BACK_OFF, waits, strict=True))

    def test_is_spread_over_payments_and_told_by_the_payment_alone(self) -> None:
        systems = [PaymentSystem(), PaymentSystem(), PaymentSystem()]
        keys = ["key-1", "key-1", "key-2"]
        waits = []
        for system, key in zip(systems, keys, strict=True):
            system.gateway.will(Fails(NoAnswer("timed out")))
            payment = system.charge(samples.charge_request(idempotency_key=key)).payment
            waits.append(unanswered(system, payment, NoAnswer("timed out"), 3))
        assert waits[0] == waits[1] != waits[2]

    @pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
    def test_ends_with_a_human_after_the_last_try(
        self, system: PaymentSystem, payment: Payment, error: GatewayError
    ) -> None:
        unanswered(system, payment, error, len(BACK_OFF))
        assert system.reload(payment).status is Status.PROCESSING
        unanswered(system, payment, error, 1)
        after = system.reload(payment)
        assert after.status is Status.NEEDS_REVIEW
        assert after.failure is not None
        assert after.failure.code == "unresolved"
        assert "payment_needs_review" in system.telemetry.signals
        assert system.bus.types()[-1] == "payment.needs_review"
        assert system.nothing_is_due

    def test_does_not_give_up_for_good(self, system: PaymentSystem, payment: Payment) -> None:
        unanswered(system, payment, NoAnswer("timed out"), len(BACK_OFF) + 1)
        system.gateway.book[0].raw_status = "SUCCESS"
        system.webhook(system.reload(payment))
        assert system.reload(payment).status is Status.SUCCEEDED

    def test_begins_anew_when_the_payment_gets_further(self, system: PaymentSystem, payment: Payment) -> None:
        unanswered(system, payment, NoAnswer("timed out"), 3)
        system.follow_up_until(lambda: system.reload(payment).status is Status.REQUIRES_ACTION)
        assert system.reload(payment).follow_up.asks == 0
        assert system.reload(payment).follow_up.ask_at == system.clock() + FIRST_ASK

    @pytest.mark.parametrize("said", ["SUCCESS", "FAILED", "BLOCKED", "ABANDONED"])
    def test_ends_with_the_gateway_s_verdict(self, system: PaymentSystem, payment: Payment, said: str) -> None:
        system.gateway.book[0].raw_status = said
        system.follow_up(minutes=1)
        after = system.reload(payment)
        assert after.history[-1].evidence["gateway_status"] == said
        assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.nothing_is_due

    def test_waits_for_its_time_though_there_is_something_to_publish(self, system: PaymentSystem) -> None:
        system.gateway.will(Answers("PENDING"))
        payment = system.charge().payment
        system.follow_up()
        assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.gateway.asked == []
        assert system.reload(payment).follow_up.due_at == START + FIRST_ASK

    def test_is_put_forward_by_a_webhook_that_came_while_the_gateway_was_asked(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        """Its news is not put off by an answer that is older."""
        unanswered(system, payment, NoAnswer("timed out"), 4)

        class Meanwhile:
            """The status lags, and the webhook arrives while it is read."""

            live = False

            def status(self, order_id: str, seconds: float) -> object:
                system.clock.forward(seconds=2)
                system.gateway.will_say(NoAnswer("timed out"))
                system.webhook(system.reload(payment))
                raise UnknownToGateway("lags")

        system.clock.now = system.reload(payment).follow_up.ask_at or system.clock.now
        run = FollowUps(system.ledger, Meanwhile(), system.bus, system.clock, system.telemetry)  # type: ignore[arg-type]
        finish(run, due(system))
        after = system.reload(payment)
        assert (after.status, after.follow_up.arrived) == (Status.PROCESSING, True)
        assert after.follow_up.due_at == system.clock()


class TestTheLease:
    def test_keeps_two_runs_from_doing_the_same(self, system: PaymentSystem, payment: Payment) -> None:
        system.clock.forward(minutes=1)
        found = due(system)
        assert finish(system.follow_ups, found) is not None
        assert finish(system.follow_ups, found) is None
        assert len(system.gateway.asked) == 1

    @pytest.mark.parametrize("at", range(9))
    def test_of_a_run_that_died_is_over_after_a_while(self, system: PaymentSystem, payment: Payment, at: int) -> None:
        system.gateway.book[0].raw_status = "SUCCESS"
        system.clock.forward(minutes=1)
        fuse = Fuse(at)
        wired = [Wired(part, fuse) for part in (system.ledger, system.gateway, system.bus)]
        dying = FollowUps(wired[0], wired[1], wired[2], system.clock, system.telemetry)
        with pytest.raises(Crash):
            finish(dying, due(system))
        system.follow_up()
        system.follow_up(seconds=LEASE.total_seconds())
        assert system.reload(payment).status is Status.SUCCEEDED
        assert list(dict.fromkeys(system.bus.ids())) == [f"{payment.id}:1", f"{payment.id}:2"]
        assert system.nothing_is_due

    def test_is_given_back_when_the_clock_went_back_and_nothing_is_due_after_all(self, system: PaymentSystem) -> None:
        system.gateway.will(Answers("PENDING"))
        payment = system.charge().payment
        system.follow_up()
        system.clock.forward(seconds=60)
        found, before = due(system), system.reload(payment)
        system.clock.forward(seconds=-30)
        assert finish(system.follow_ups, found) is not None
        assert system.gateway.asked == []
        assert system.reload(payment).follow_up == before.follow_up

    def test_of_a_payment_whose_claim_was_taken_back_leads_to_nothing(self, system: PaymentSystem) -> None:
        claimed = samples.payment()
        system.ledger.claim(claimed, None)
        system.bus.takes = 0  # what consumers were told of is never taken back
        system.clock.forward(minutes=1)

        class Meanwhile:
            """The claim is taken back while the gateway is asked."""

            live = False

            def status(self, order_id: str, seconds: float) -> object:
                system.ledger.release(claimed)
                raise UnknownToGateway("no such payment")

        run = FollowUps(system.ledger, Meanwhile(), system.bus, system.clock, system.telemetry)  # type: ignore[arg-type]
        assert finish(run, due(system)) is None
        assert system.ledger.payments() == []
        assert system.bus.events == []


class TestTheBus:
    @pytest.mark.parametrize("said", ["SUCCESS", "REDIRECT"])
    def test_that_is_down_for_hours_hears_everything_when_it_is_back(
        self, system: PaymentSystem, payment: Payment, said: str
    ) -> None:
        system.gateway.book[0].raw_status, system.bus.takes = said, 0
        for _ in range(4 * 60):
            system.follow_up(minutes=1)
        system.bus.takes = None
        system.follow_up(minutes=2)
        after = system.reload(payment)
        assert system.bus.ids() == [f"{payment.id}:{n}" for n in range(1, after.version + 1)]

    def test_that_is_down_does_not_make_the_gateway_be_asked_more_often(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        system.bus.takes = 0
        for _ in range(4 * 60):
            system.follow_up(minutes=1)
        assert len(system.gateway.asked) <= 7

    def test_that_is_down_is_tried_before_and_after_the_question_and_then_once_a_lease(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        system.gateway.book[0].raw_status, system.bus.takes = "SUCCESS", 0
        system.follow_up(minutes=1)
        for _ in range(60):
            system.follow_up(seconds=1)
        assert system.telemetry.signals.count("publish_incomplete") == 3
