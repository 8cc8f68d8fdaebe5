"""Notifying: a webhook is confirmed before it is believed, and a doubt is left to the follow-up, which comes soon."""

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused, UnknownToGateway
from payments.webhooks.handle import Outcome
from tests.fakes import samples
from tests.payments.assembled import PaymentSystem

SILENCE = [NoAnswer("timed out"), NotSent("no route"), Refused("no"), UnknownToGateway("lags")]


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """The shopper is at the bank's page, and the follow-up has told the bus so."""
    payment = system.charge().payment
    system.follow_up()
    return system.reload(payment)


@pytest.mark.parametrize(
    ("said", "status"), [("SUCCESS", Status.SUCCEEDED), ("FAILED", Status.FAILED), ("BLOCKED", Status.BLOCKED)]
)
def test_what_the_gateway_confirms_is_settled_and_published(
    system: PaymentSystem, payment: Payment, said: str, status: Status
) -> None:
    system.gateway.book[0].raw_status = said
    assert system.webhook(payment) is Outcome.SETTLED
    assert system.reload(payment).status is status
    assert system.reload(payment).history[-1].source == "status"
    assert system.bus.types()[-1] == f"payment.{status.value}"
    assert system.nothing_is_due


def test_what_the_gateway_does_not_confirm_is_not_believed(system: PaymentSystem, payment: Payment) -> None:
    assert system.webhook(payment, samples.transaction("SUCCESS")) is Outcome.SETTLED
    assert system.reload(payment).status is Status.REQUIRES_ACTION
    assert "webhook_contradicts_status" in system.telemetry.signals


def test_what_the_gateway_confirms_a_minute_later_is_settled_then(system: PaymentSystem, payment: Payment) -> None:
    """The status may lag behind the webhook."""
    system.webhook(payment, samples.transaction("SUCCESS"))
    system.gateway.book[0].raw_status = "SUCCESS"
    system.follow_up()
    assert system.reload(payment).status is Status.SUCCEEDED
    assert system.nothing_is_due


def test_webhooks_that_come_again_and_again_do_not_use_up_the_plan(system: PaymentSystem, payment: Payment) -> None:
    """The status lags behind for a while; nobody has to be called for that."""
    for _ in range(12):
        system.webhook(system.reload(payment), samples.transaction("SUCCESS"))
        system.follow_up(minutes=1)
    assert system.reload(payment).status is Status.REQUIRES_ACTION
    system.gateway.book[0].raw_status = "SUCCESS"
    system.follow_up(minutes=10)
    assert system.reload(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("error", SILENCE, ids=lambda error: type(error).__name__)
def test_when_the_gateway_cannot_be_asked_it_is_asked_at_the_next_run(
    system: PaymentSystem, payment: Payment, error: GatewayError
) -> None:
    system.gateway.book[0].raw_status = "SUCCESS"
    system.gateway.will_say(error)
    assert system.webhook(payment) is Outcome.DEFERRED
    assert system.reload(payment).status is Status.REQUIRES_ACTION
    assert system.reload(payment).follow_up.due_at == system.clock()
    system.follow_up()
    assert system.reload(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("times", [2, 5])
def test_duplicates_and_replays_change_nothing(system: PaymentSystem, payment: Payment, times: int) -> None:
    system.gateway.book[0].raw_status = "SUCCESS"
    for _ in range(times):
        assert system.webhook(payment) is Outcome.SETTLED
    assert system.reload(payment).version == 3
    assert system.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3)]


def test_a_repeat_publishes_what_is_left(system: PaymentSystem, payment: Payment) -> None:
    system.gateway.book[0].raw_status = "SUCCESS"
    system.bus.takes = 0
    system.webhook(payment)
    system.bus.takes = None
    system.webhook(system.reload(payment))
    assert system.bus.ids()[-1] == f"{payment.id}:3"
    assert system.nothing_is_due


def test_a_payment_of_which_a_webhook_came_did_arrive(system: PaymentSystem) -> None:
    """Its status is not found for hours: that no longer means that nothing was charged."""
    system.gateway.will_say(*[UnknownToGateway("lags")] * 99)
    claimed = samples.payment()
    system.ledger.claim(claimed, None)
    for _ in range(2):
        system.clock.forward(hours=1)
        system.follow_up()
    taken = samples.payment(key="key-2", order_id="another")
    system.ledger.claim(taken, None)
    system.gateway.will_say()
    assert system.reload(claimed).status is Status.FAILED
    _deferred(system, taken)
    for _ in range(4):
        system.clock.forward(hours=2)
        system.follow_up()
    assert system.reload(taken).status is Status.PROCESSING


def _deferred(system: PaymentSystem, payment: Payment) -> None:
    assert system.webhook(payment, samples.transaction("SUCCESS", order_id=payment.order_id)) is Outcome.DEFERRED


class TestWithoutConfirmation:
    @pytest.fixture
    def system(self) -> PaymentSystem:
        return PaymentSystem(confirm=False)

    def test_the_webhook_s_own_words_are_settled(self, system: PaymentSystem, payment: Payment) -> None:
        asked = list(system.gateway.asked)
        system.gateway.book[0].raw_status = "SUCCESS"
        assert system.webhook(payment) is Outcome.SETTLED
        assert system.reload(payment).status is Status.SUCCEEDED
        assert system.reload(payment).history[-1].source == "webhook"
        assert system.gateway.asked == asked
        assert system.nothing_is_due

    def test_not_even_so_if_it_is_about_something_else(self, system: PaymentSystem, payment: Payment) -> None:
        system.webhook(payment, samples.transaction("SUCCESS", currency="USD"))
        assert system.reload(payment).status is Status.NEEDS_REVIEW
