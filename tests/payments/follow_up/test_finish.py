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
from tests.payments.assembled import House, finish

SILENCE = [NoAnswer("timed out"), NotSent("no route"), Refused("no")]


@pytest.fixture
def payment(house: House) -> Payment:
    """In doubt; the bus has been told that it is processing."""
    house.gateway.will(Fails(NoAnswer("timed out"), booked="REDIRECT"))
    return house.charge().payment


def due(house: House) -> Due:
    """The one payment that is due now."""
    (found,) = house.ledger.due(house.clock(), 10)
    return found


def unanswered(house: House, payment: Payment, error: GatewayError, questions: int) -> list[timedelta]:
    """The waits between so many questions that brought nothing."""
    waits = []
    for _ in range(questions):
        house.gateway.will_say(error)
        asked = len(house.gateway.asked)
        house.follow_up_until(lambda asked=asked: len(house.gateway.asked) > asked)  # type: ignore[misc]
        at = house.clock()
        house.follow_up()
        ask_at = house.standing(payment).follow_up.ask_at
        waits.append(ask_at - at if ask_at else timedelta(0))
    return waits


class TestAsking:
    @pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
    def test_waits_longer_each_time_and_up_to_a_fifth_more(
        self, house: House, payment: Payment, error: GatewayError
    ) -> None:
        waits = unanswered(house, payment, error, len(BACK_OFF))
        assert all(wait <= waited <= wait * 1.2 for wait, waited in zip(BACK_OFF, waits, strict=True))

    def test_is_spread_over_payments_and_told_by_the_payment_alone(self) -> None:
        houses = [House(), House(), House()]
        keys = ["key-1", "key-1", "key-2"]
        waits = []
        for house, key in zip(houses, keys, strict=True):
            house.gateway.will(Fails(NoAnswer("timed out")))
            payment = house.charge(samples.charge_request(idempotency_key=key)).payment
            waits.append(unanswered(house, payment, NoAnswer("timed out"), 3))
        assert waits[0] == waits[1] != waits[2]

    @pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
    def test_ends_with_a_human_after_the_last_try(self, house: House, payment: Payment, error: GatewayError) -> None:
        unanswered(house, payment, error, len(BACK_OFF))
        assert house.standing(payment).status is Status.PROCESSING
        unanswered(house, payment, error, 1)
        after = house.standing(payment)
        assert after.status is Status.NEEDS_REVIEW
        assert after.failure is not None
        assert after.failure.code == "unresolved"
        assert "payment_needs_review" in house.telemetry.signals
        assert house.bus.types()[-1] == "payment.needs_review"
        assert house.settled

    def test_does_not_give_up_for_good(self, house: House, payment: Payment) -> None:
        unanswered(house, payment, NoAnswer("timed out"), len(BACK_OFF) + 1)
        house.gateway.book[0].raw_status = "SUCCESS"
        house.webhook(house.standing(payment))
        assert house.standing(payment).status is Status.SUCCEEDED

    def test_begins_anew_when_the_payment_gets_further(self, house: House, payment: Payment) -> None:
        unanswered(house, payment, NoAnswer("timed out"), 3)
        house.follow_up_until(lambda: house.standing(payment).status is Status.REQUIRES_ACTION)
        assert house.standing(payment).follow_up.asks == 0
        assert house.standing(payment).follow_up.ask_at == house.clock() + FIRST_ASK

    @pytest.mark.parametrize("said", ["SUCCESS", "FAILED", "BLOCKED", "ABANDONED"])
    def test_ends_with_the_gateway_s_verdict(self, house: House, payment: Payment, said: str) -> None:
        house.gateway.book[0].raw_status = said
        house.follow_up(minutes=1)
        after = house.standing(payment)
        assert after.history[-1].evidence["gateway_status"] == said
        assert house.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert house.settled

    def test_waits_for_its_time_though_there_is_something_to_publish(self, house: House) -> None:
        house.gateway.will(Answers("PENDING"))
        payment = house.charge().payment
        house.follow_up()
        assert house.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]
        assert house.gateway.asked == []
        assert house.standing(payment).follow_up.due_at == START + FIRST_ASK

    def test_is_put_forward_by_a_webhook_that_came_while_the_gateway_was_asked(
        self, house: House, payment: Payment
    ) -> None:
        """Its news is not put off by an answer that is older."""
        unanswered(house, payment, NoAnswer("timed out"), 4)

        class Meanwhile:
            """The status lags, and the webhook arrives while it is read."""

            live = False

            def status(self, order_id: str, seconds: float) -> object:
                house.clock.forward(seconds=2)
                house.gateway.will_say(NoAnswer("timed out"))
                house.webhook(house.standing(payment))
                raise UnknownToGateway("lags")

        house.clock.now = house.standing(payment).follow_up.ask_at or house.clock.now
        run = FollowUps(house.ledger, Meanwhile(), house.bus, house.clock, house.telemetry)  # type: ignore[arg-type]
        finish(run, due(house))
        after = house.standing(payment)
        assert (after.status, after.follow_up.arrived) == (Status.PROCESSING, True)
        assert after.follow_up.due_at == house.clock()


class TestTheLease:
    def test_keeps_two_runs_from_doing_the_same(self, house: House, payment: Payment) -> None:
        house.clock.forward(minutes=1)
        found = due(house)
        assert finish(house.follow_ups, found) is not None
        assert finish(house.follow_ups, found) is None
        assert len(house.gateway.asked) == 1

    @pytest.mark.parametrize("at", range(9))
    def test_of_a_run_that_died_is_over_after_a_while(self, house: House, payment: Payment, at: int) -> None:
        house.gateway.book[0].raw_status = "SUCCESS"
        house.clock.forward(minutes=1)
        fuse = Fuse(at)
        wired = [Wired(part, fuse) for part in (house.ledger, house.gateway, house.bus)]
        dying = FollowUps(wired[0], wired[1], wired[2], house.clock, house.telemetry)
        with pytest.raises(Crash):
            finish(dying, due(house))
        house.follow_up()
        house.follow_up(seconds=LEASE.total_seconds())
        assert house.standing(payment).status is Status.SUCCEEDED
        assert list(dict.fromkeys(house.bus.ids())) == [f"{payment.id}:1", f"{payment.id}:2"]
        assert house.settled

    def test_is_given_back_when_the_clock_went_back_and_nothing_is_due_after_all(self, house: House) -> None:
        house.gateway.will(Answers("PENDING"))
        payment = house.charge().payment
        house.follow_up()
        house.clock.forward(seconds=60)
        found, before = due(house), house.standing(payment)
        house.clock.forward(seconds=-30)
        assert finish(house.follow_ups, found) is not None
        assert house.gateway.asked == []
        assert house.standing(payment).follow_up == before.follow_up

    def test_of_a_payment_whose_claim_was_taken_back_leads_to_nothing(self, house: House) -> None:
        claimed = samples.payment()
        house.ledger.claim(claimed, None)
        house.bus.takes = 0  # what consumers were told of is never taken back
        house.clock.forward(minutes=1)

        class Meanwhile:
            """The claim is taken back while the gateway is asked."""

            live = False

            def status(self, order_id: str, seconds: float) -> object:
                house.ledger.release(claimed)
                raise UnknownToGateway("no such payment")

        run = FollowUps(house.ledger, Meanwhile(), house.bus, house.clock, house.telemetry)  # type: ignore[arg-type]
        assert finish(run, due(house)) is None
        assert house.ledger.payments() == []
        assert house.bus.events == []


class TestTheBus:
    @pytest.mark.parametrize("said", ["SUCCESS", "REDIRECT"])
    def test_that_is_down_for_hours_hears_everything_when_it_is_back(
        self, house: House, payment: Payment, said: str
    ) -> None:
        house.gateway.book[0].raw_status, house.bus.takes = said, 0
        for _ in range(4 * 60):
            house.follow_up(minutes=1)
        house.bus.takes = None
        house.follow_up(minutes=2)
        after = house.standing(payment)
        assert house.bus.ids() == [f"{payment.id}:{n}" for n in range(1, after.version + 1)]

    def test_that_is_down_does_not_make_the_gateway_be_asked_more_often(self, house: House, payment: Payment) -> None:
        house.bus.takes = 0
        for _ in range(4 * 60):
            house.follow_up(minutes=1)
        assert len(house.gateway.asked) <= 7

    def test_that_is_down_is_tried_before_and_after_the_question_and_then_once_a_lease(
        self, house: House, payment: Payment
    ) -> None:
        house.gateway.book[0].raw_status, house.bus.takes = "SUCCESS", 0
        house.follow_up(minutes=1)
        for _ in range(60):
            house.follow_up(seconds=1)
        assert house.telemetry.signals.count("publish_incomplete") == 3
