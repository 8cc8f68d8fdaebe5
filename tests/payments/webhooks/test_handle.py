"""Notifying: a webhook is confirmed before it is believed, and a doubt is left to the follow-up, which comes soon."""

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused, UnknownToGateway
from payments.webhooks.handle import Outcome
from tests.fakes import samples
from tests.payments.assembled import House

SILENCE = [NoAnswer("timed out"), NotSent("no route"), Refused("no"), UnknownToGateway("lags")]


@pytest.fixture
def payment(house: House) -> Payment:
    """The shopper is at the bank's page, and the follow-up has told the bus so."""
    payment = house.charge().payment
    house.follow_up()
    return house.standing(payment)


@pytest.mark.parametrize(
    ("said", "status"), [("SUCCESS", Status.SUCCEEDED), ("FAILED", Status.FAILED), ("BLOCKED", Status.BLOCKED)]
)
def test_what_the_gateway_confirms_is_settled_and_published(
    house: House, payment: Payment, said: str, status: Status
) -> None:
    house.gateway.book[0].raw_status = said
    assert house.webhook(payment) is Outcome.SETTLED
    assert house.standing(payment).status is status
    assert house.standing(payment).history[-1].source == "status"
    assert house.bus.types()[-1] == f"payment.{status.value}"
    assert house.settled


def test_what_the_gateway_does_not_confirm_is_not_believed(house: House, payment: Payment) -> None:
    assert house.webhook(payment, samples.transaction("SUCCESS")) is Outcome.SETTLED
    assert house.standing(payment).status is Status.REQUIRES_ACTION
    assert "webhook_contradicts_status" in house.telemetry.signals


def test_what_the_gateway_confirms_a_minute_later_is_settled_then(house: House, payment: Payment) -> None:
    """The status may lag behind the webhook."""
    house.webhook(payment, samples.transaction("SUCCESS"))
    house.gateway.book[0].raw_status = "SUCCESS"
    house.follow_up()
    assert house.standing(payment).status is Status.SUCCEEDED
    assert house.settled


def test_webhooks_that_come_again_and_again_do_not_use_up_the_plan(house: House, payment: Payment) -> None:
    """The status lags behind for a while; nobody has to be called for that."""
    for _ in range(12):
        house.webhook(house.standing(payment), samples.transaction("SUCCESS"))
        house.follow_up(minutes=1)
    assert house.standing(payment).status is Status.REQUIRES_ACTION
    house.gateway.book[0].raw_status = "SUCCESS"
    house.follow_up(minutes=10)
    assert house.standing(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
def test_when_the_gateway_cannot_be_asked_it_is_asked_at_the_next_run(
    house: House, payment: Payment, error: GatewayError
) -> None:
    house.gateway.book[0].raw_status = "SUCCESS"
    house.gateway.will_say(error)
    assert house.webhook(payment) is Outcome.DEFERRED
    assert house.standing(payment).status is Status.REQUIRES_ACTION
    assert house.standing(payment).follow_up.due_at == house.clock()
    house.follow_up()
    assert house.standing(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("times", [2, 5])
def test_duplicates_and_replays_change_nothing(house: House, payment: Payment, times: int) -> None:
    house.gateway.book[0].raw_status = "SUCCESS"
    for _ in range(times):
        assert house.webhook(payment) is Outcome.SETTLED
    assert house.standing(payment).version == 3
    assert house.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3)]


def test_a_repeat_publishes_what_is_left(house: House, payment: Payment) -> None:
    house.gateway.book[0].raw_status = "SUCCESS"
    house.bus.takes = 0
    house.webhook(payment)
    house.bus.takes = None
    house.webhook(house.standing(payment))
    assert house.bus.ids()[-1] == f"{payment.id}:3"
    assert house.settled


def test_a_payment_of_which_a_webhook_came_did_arrive(house: House) -> None:
    """Its status is not found for hours: that no longer means that nothing was charged."""
    house.gateway.will_say(*[UnknownToGateway("lags")] * 99)
    claimed = samples.payment()
    house.ledger.claim(claimed, None)
    for _ in range(2):
        house.clock.forward(hours=1)
        house.follow_up()
    taken = samples.payment(key="key-2", order_id="another")
    house.ledger.claim(taken, None)
    house.gateway.will_say()
    assert house.standing(claimed).status is Status.FAILED
    _deferred(house, taken)
    for _ in range(4):
        house.clock.forward(hours=2)
        house.follow_up()
    assert house.standing(taken).status is Status.PROCESSING


def _deferred(house: House, payment: Payment) -> None:
    assert house.webhook(payment, samples.transaction("SUCCESS", order_id=payment.order_id)) is Outcome.DEFERRED


class TestWithoutConfirmation:
    @pytest.fixture
    def house(self) -> House:
        return House(confirm=False)

    def test_the_webhook_s_own_words_are_settled(self, house: House, payment: Payment) -> None:
        asked = list(house.gateway.asked)
        house.gateway.book[0].raw_status = "SUCCESS"
        assert house.webhook(payment) is Outcome.SETTLED
        assert house.standing(payment).status is Status.SUCCEEDED
        assert house.standing(payment).history[-1].source == "webhook"
        assert house.gateway.asked == asked
        assert house.settled

    def test_not_even_so_if_it_is_about_something_else(self, house: House, payment: Payment) -> None:
        house.webhook(payment, samples.transaction("SUCCESS", currency="USD"))
        assert house.standing(payment).status is Status.NEEDS_REVIEW
