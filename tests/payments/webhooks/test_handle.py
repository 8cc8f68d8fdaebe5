"""A webhook is confirmed at the status API; what cannot be confirmed is left to the follow-up, due at once."""

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError, NoAnswer, NotSent, Refused, UnknownToGateway
from payments.webhooks.handle import Outcome
from tests.fakes import samples
from tests.payments.assembled import PaymentSystem

NO_STATUS = [NoAnswer("timed out"), NotSent("no route"), Refused("no"), UnknownToGateway("lags")]


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """A payment that waits for the shopper's 3-D Secure, with its events on the bus."""
    payment = system.charge().payment
    system.follow_up()
    return system.reload(payment)


@pytest.mark.parametrize(
    ("raw_status", "status"), [("SUCCESS", Status.SUCCEEDED), ("FAILED", Status.FAILED), ("BLOCKED", Status.BLOCKED)]
)
def test_a_confirmed_webhook_is_recorded_and_published(
    system: PaymentSystem, payment: Payment, raw_status: str, status: Status
) -> None:
    system.gateway.charges[0].raw_status = raw_status
    assert system.webhook(payment) is Outcome.RECORDED
    assert system.reload(payment).status is status
    assert system.reload(payment).history[-1].source == "status"
    assert system.bus.types()[-1] == f"payment.{status.value}"
    assert system.nothing_is_due


def test_log_lines_name_payment_order_and_transaction(system: PaymentSystem, payment: Payment) -> None:
    system.telemetry.subjects.clear()
    system.webhook(payment)
    assert system.telemetry.subjects[0] == (payment.id, payment.order_id, payment.transaction_id)


def test_a_webhook_that_the_status_api_contradicts_changes_no_status(system: PaymentSystem, payment: Payment) -> None:
    assert system.webhook(payment, samples.transaction("SUCCESS")) is Outcome.RECORDED
    assert system.reload(payment).status is Status.REQUIRES_ACTION
    assert "webhook_contradicts_status" in system.telemetry.signals


def test_the_follow_up_records_a_webhook_that_the_status_api_confirms_later(
    system: PaymentSystem, payment: Payment
) -> None:
    """The status API may lag behind the webhook."""
    system.webhook(payment, samples.transaction("SUCCESS"))
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.follow_up()
    assert system.reload(payment).status is Status.SUCCEEDED
    assert system.nothing_is_due


def test_repeated_webhooks_do_not_use_up_the_schedule_of_queries(system: PaymentSystem, payment: Payment) -> None:
    """The status API lags for a while: no reason to put the payment into review."""
    for _ in range(12):
        system.webhook(system.reload(payment), samples.transaction("SUCCESS"))
        system.follow_up(minutes=1)
    assert system.reload(payment).status is Status.REQUIRES_ACTION
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.follow_up(minutes=10)
    assert system.reload(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("error", NO_STATUS, ids=lambda error: type(error).__name__)
def test_a_webhook_without_a_status_is_deferred_to_the_next_run(
    system: PaymentSystem, payment: Payment, error: GatewayError
) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.gateway.script_statuses(error)
    assert system.webhook(payment) is Outcome.DEFERRED
    assert system.reload(payment).status is Status.REQUIRES_ACTION
    assert system.reload(payment).follow_up.due_at == system.clock()
    system.follow_up()
    assert system.reload(payment).status is Status.SUCCEEDED


@pytest.mark.parametrize("times", [2, 5])
def test_duplicates_and_replays_change_nothing(system: PaymentSystem, payment: Payment, times: int) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"
    for _ in range(times):
        assert system.webhook(payment) is Outcome.RECORDED
    assert system.reload(payment).version == 3
    assert system.bus.ids() == [f"{payment.id}:{n}" for n in (1, 2, 3)]


def test_a_duplicate_publishes_events_that_are_still_unpublished(system: PaymentSystem, payment: Payment) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.bus.takes = 0
    system.webhook(payment)
    system.bus.takes = None
    system.webhook(system.reload(payment))
    assert system.bus.ids()[-1] == f"{payment.id}:3"
    assert system.nothing_is_due


def test_a_payment_with_a_webhook_never_counts_as_never_arrived(system: PaymentSystem) -> None:
    """The status API does not find it for hours. Without the webhook that would mean that nothing was charged."""
    system.gateway.script_statuses(*[UnknownToGateway("lags")] * 99)
    without_webhook = samples.payment()
    system.ledger.claim(without_webhook, None)
    for _ in range(2):
        system.clock.forward(hours=1)
        system.follow_up()
    with_webhook = samples.payment(key="key-2", order_id="another")
    system.ledger.claim(with_webhook, None)
    system.gateway.script_statuses()
    assert system.reload(without_webhook).status is Status.FAILED
    _deferred_webhook(system, with_webhook)
    for _ in range(4):
        system.clock.forward(hours=2)
        system.follow_up()
    assert system.reload(with_webhook).status is Status.PROCESSING


def _deferred_webhook(system: PaymentSystem, payment: Payment) -> None:
    claimed = samples.transaction("SUCCESS", order_id=payment.order_id)
    assert system.webhook(payment, claimed) is Outcome.DEFERRED


class TestWithoutConfirmation:
    @pytest.fixture
    def system(self) -> PaymentSystem:
        return PaymentSystem(confirm=False)

    def test_the_status_in_the_webhook_is_recorded_without_a_query(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        asked = list(system.gateway.asked)
        system.gateway.charges[0].raw_status = "SUCCESS"
        assert system.webhook(payment) is Outcome.RECORDED
        assert system.reload(payment).status is Status.SUCCEEDED
        assert system.reload(payment).history[-1].source == "webhook"
        assert system.gateway.asked == asked
        assert system.nothing_is_due

    def test_a_webhook_that_contradicts_the_payment_puts_it_into_review(
        self, system: PaymentSystem, payment: Payment
    ) -> None:
        system.webhook(payment, samples.transaction("SUCCESS", currency="USD"))
        assert system.reload(payment).status is Status.NEEDS_REVIEW
