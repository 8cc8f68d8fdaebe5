"""A cancelled payment: its order is free at once, it is still asked about, and a late success is never lost."""

import pytest

from payments.charging.cancel import NotCancellable
from payments.charging.claim import OrderTaken
from payments.errors import GatewayUnreachable
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, NotSent, UnknownToGateway
from payments.webhooks.handle import Outcome
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem


def charged(system: PaymentSystem, key: str = "key-1") -> Payment:
    return system.charge(samples.charge_request(idempotency_key=key)).payment


@pytest.fixture
def open_page(system: PaymentSystem) -> Payment:
    payment = charged(system)
    assert payment.status is Status.REQUIRES_ACTION
    return payment


def cancel(system: PaymentSystem, payment: Payment) -> Payment:
    return system.charging.cancel(payment, samples.CALLER)


def test_the_order_is_free_at_once(system: PaymentSystem, open_page: Payment) -> None:
    with pytest.raises(OrderTaken):
        charged(system, "key-2")

    cancel(system, open_page)

    assert charged(system, "key-2").attempt == 2


def test_the_history_and_the_bus_have_it(system: PaymentSystem, open_page: Payment) -> None:
    cancelled = cancel(system, open_page)

    last = cancelled.history[-1]
    assert cancelled == system.reload(open_page)
    assert (cancelled.status, cancelled.superseded_at) == (Status.REQUIRES_ACTION, system.clock())
    assert (last.name, last.source, last.principal, last.evidence) == (
        "superseded",
        "request",
        samples.CALLER,
        {"cancelled": 1},
    )
    assert system.telemetry.signals.count("payment_superseded") == 1
    system.follow_up()
    assert system.bus.types()[-1] == "payment.superseded"


def test_a_payment_that_was_paid_without_a_webhook_is_not_cancelled(system: PaymentSystem, open_page: Payment) -> None:
    system.gateway.charges[0].raw_status = "SUCCESS"

    with pytest.raises(NotCancellable) as refused:
        cancel(system, open_page)

    assert refused.value.payment.status is Status.SUCCEEDED
    assert system.reload(open_page).superseded_at is None
    assert "late_success" not in system.telemetry.signals


@pytest.mark.parametrize("policy_refund", [False, True])
def test_a_verified_webhook_that_waits_for_its_confirmation_is_not_overtaken(policy_refund: bool) -> None:  # noqa: FBT001
    system = PaymentSystem(refunds_superseded=policy_refund)
    payment = charged(system)
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.gateway.script_statuses(NoAnswer("slow"))
    assert system.webhook(payment) is Outcome.DEFERRED

    with pytest.raises(NotCancellable):
        cancel(system, system.reload(payment))


@pytest.mark.parametrize("silence", [NoAnswer("timeout"), NotSent("the circuit is open")])
def test_without_an_answer_nothing_is_cancelled(
    system: PaymentSystem, open_page: Payment, silence: NoAnswer | NotSent
) -> None:
    system.gateway.script_statuses(silence)
    with pytest.raises(GatewayUnreachable) as refused:
        cancel(system, open_page)
    assert str(refused.value) == "the gateway does not say whether the payment is paid: it is not cancelled"
    assert system.reload(open_page) == open_page
    assert "status_unanswered" in system.telemetry.signals

    assert cancel(system, open_page).superseded_at == system.clock(), "the same request again, with an answer"


@pytest.mark.parametrize("raw_status", [None, "INIT", "A NEW WORD"])
def test_nothing_is_cancelled_unless_the_gateway_says_that_it_waits(
    system: PaymentSystem, open_page: Payment, raw_status: str | None
) -> None:
    if raw_status is None:
        system.gateway.script_statuses(UnknownToGateway("none"))
    else:
        system.gateway.charges[0].raw_status = raw_status
    with pytest.raises(NotCancellable) as refused:
        cancel(system, open_page)
    assert not refused.value.is_of_other_mode
    assert system.reload(open_page).superseded_at is None


class WebhookDuringTheQuery(InMemoryLedger):
    """Just before the cancellation writes, a verified webhook comes, and its confirmation gets no answer."""

    system: PaymentSystem
    times = 1

    def save(self, before: Payment, after: Payment) -> Payment:
        if after.superseded_at is not None and before.superseded_at is None and self.times:
            self.times -= 1
            charge = self.system.gateway.charges[0]
            charge.raw_status = "SUCCESS" if not self.times else charge.raw_status
            self.system.gateway.script_statuses(NoAnswer("slow"))
            assert self.system.webhook(before) is Outcome.DEFERRED
        return super().save(before, after)


@pytest.mark.parametrize("times", [1, 2])
def test_a_webhook_between_question_and_mark_makes_it_ask_again(times: int) -> None:
    ledger = WebhookDuringTheQuery()
    system = ledger.system = PaymentSystem(ledger=ledger, refunds_superseded=True)
    payment = charged(system)
    ledger.times = times
    with pytest.raises(NotCancellable if times == 1 else GatewayUnreachable) as refused:
        cancel(system, payment)
    if times == 2:
        assert str(refused.value) == "the payment changes while the gateway is asked: it is not cancelled"
    assert system.reload(payment).superseded_at is None
    system.follow_up(minutes=1)
    assert (system.reload(payment).status, system.gateway.refund_posts) == (Status.SUCCEEDED, [])


def test_a_payment_of_the_other_mode_is_not_cancelled(system: PaymentSystem, open_page: Payment) -> None:
    """This gateway does not know whether it is paid; and its order is another one than that of this mode."""
    system.gateway.live = True
    with pytest.raises(NotCancellable) as refused:
        cancel(system, open_page)
    assert refused.value.is_of_other_mode
    assert system.telemetry.subjects[-1] == (open_page.id, open_page.order_id, open_page.transaction_id)
    assert system.gateway.asked == []


def test_a_payment_of_the_other_mode_that_is_cancelled_already_is_returned(
    system: PaymentSystem, open_page: Payment
) -> None:
    cancelled = cancel(system, open_page)
    system.gateway.live = True
    assert cancel(system, cancelled) == cancelled


def test_a_payment_cancelled_in_review_is_asked_about_anew(system: PaymentSystem, open_page: Payment) -> None:
    for _ in range(50):
        system.follow_up(hours=1)
    cancel(system, system.reload(open_page))
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.follow_up(seconds=61)
    assert system.reload(open_page).status is Status.SUCCEEDED
    assert "late_success" in system.telemetry.signals


def test_a_payment_whose_queries_have_ended_on_the_page_is_cancelled(system: PaymentSystem, open_page: Payment) -> None:
    """After two days it is a person's too: the shop need not wait for the decision."""
    for _ in range(50):
        system.follow_up(hours=1)
    assert system.reload(open_page).status is Status.NEEDS_REVIEW
    with pytest.raises(OrderTaken):
        charged(system, "key-2")

    assert cancel(system, system.reload(open_page)).superseded_at == system.clock()

    assert charged(system, "key-2").attempt == 2


@pytest.mark.parametrize("raw_status", ["PENDING", "REDIRECT"])
def test_another_review_is_not_cancelled(system: PaymentSystem, raw_status: str) -> None:
    """Pending to the end, the gateway may still charge; a mismatch says that money may have moved."""
    payment = charged(system)
    if raw_status == "PENDING":
        system.gateway.charges[0].raw_status = raw_status
        for _ in range(90):
            system.follow_up(hours=1)
    else:
        system.gateway.answers[payment.wire_order_id] = samples.transaction(raw_status, amount=payment.money.amount + 1)
        system.follow_up(minutes=2)
    assert system.reload(payment).status is Status.NEEDS_REVIEW
    with pytest.raises(NotCancellable):
        cancel(system, system.reload(payment))


def test_nothing_is_sent_to_the_gateway(system: PaymentSystem, open_page: Payment) -> None:
    before = (len(system.gateway.submissions), len(system.gateway.refund_posts))
    cancel(system, open_page)
    assert (len(system.gateway.submissions), len(system.gateway.refund_posts)) == before


def test_a_repeat_changes_nothing(system: PaymentSystem, open_page: Payment) -> None:
    first = cancel(system, open_page)
    system.clock.forward(seconds=5)
    assert cancel(system, system.reload(open_page)) == first
    assert cancel(system, open_page) == first, "also with the payment as it was read before"


def test_a_repeat_after_a_late_success_shows_it(system: PaymentSystem, open_page: Payment) -> None:
    cancel(system, open_page)
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.follow_up_until(lambda: system.reload(open_page).status is Status.SUCCEEDED)

    again = cancel(system, system.reload(open_page))

    assert again.status is Status.SUCCEEDED
    assert again.version == system.reload(open_page).version


def test_a_late_success_is_recorded_and_signalled(system: PaymentSystem, open_page: Payment) -> None:
    cancel(system, open_page)
    system.gateway.charges[0].raw_status = "SUCCESS"

    system.follow_up_until(lambda: system.reload(open_page).status is Status.SUCCEEDED)

    assert system.telemetry.signals.count("late_success") == 1
    assert "payment.succeeded" in system.bus.types()


@pytest.mark.parametrize(
    "answer",
    [
        Answers("PENDING"),
        Answers("SUCCESS"),
        Answers("FAILED"),
        Answers("BLOCKED"),
        Answers("ABANDONED"),
        Fails(NoAnswer("timeout"), "REDIRECT"),
    ],
)
def test_only_a_payment_on_the_gateways_page_is_cancelled(system: PaymentSystem, answer: Answers | Fails) -> None:
    system.gateway.script_charges(answer)
    payment = charged(system)

    with pytest.raises(NotCancellable) as refused:
        cancel(system, payment)

    assert refused.value.payment == payment
    assert str(refused.value) == f"payment {payment.id}, which is {payment.status}, cannot be cancelled"
    assert system.reload(payment) == payment


def test_a_verdict_that_is_faster_stays(system: PaymentSystem, open_page: Payment) -> None:
    """The shopper pays between our read and our write: the cancellation is refused, and nothing is lost."""
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.webhook(open_page)

    with pytest.raises(NotCancellable) as refused:
        cancel(system, open_page)

    assert refused.value.payment.status is Status.SUCCEEDED
    assert system.reload(open_page).superseded_at is None
    with pytest.raises(OrderTaken):
        charged(system, "key-2")


class PaysDuringTheWrite(InMemoryLedger):
    """The verdict is written just before the cancellation."""

    def save(self, before: Payment, after: Payment) -> Payment:
        if after.superseded_at is not None and before.superseded_at is None:
            current = self.get(before.id)
            assert current is not None
            if current.status is Status.REQUIRES_ACTION:
                paid = current.transition_to(Status.SUCCEEDED, at=after.updated_at, source="webhook", evidence={})
                super().save(current, paid)
        return super().save(before, after)


def test_a_verdict_during_the_write_stays() -> None:
    system = PaymentSystem(ledger=PaysDuringTheWrite())
    payment = charged(system)

    with pytest.raises(NotCancellable):
        cancel(system, payment)

    assert system.reload(payment).status is Status.SUCCEEDED
    assert [entry.name for entry in system.reload(payment).history][-1] == "succeeded"


def test_a_payment_without_an_order_is_cancelled_too(system: PaymentSystem) -> None:
    payment = system.charge(samples.charge_request(order_id=None)).payment
    assert cancel(system, payment).superseded_at == system.clock()
