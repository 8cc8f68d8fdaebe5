"""Retries while the first request is still being sent: a payment that answered a retry is never deleted."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

import pytest

from payments.charging.charge import Charged
from payments.errors import GatewayUnreachable, SecretUnusable
from payments.model.follow_up import MIN_SEND_SECONDS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NotSent, Submission
from payments.ports.ledger import OrderLock, OrderMoved, Superseding
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem


class Interrupted(ScriptedGateway):
    """Calls `meanwhile` once, while the charge is being sent."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        while self._meanwhile:
            self._meanwhile.pop()()
        return super().charge(submission, seconds)


def test_a_payment_that_answered_a_retry_stays_even_if_nothing_was_sent() -> None:
    system, retries = PaymentSystem(), list[Charged]()
    system.gateway = Interrupted(lambda: retries.append(system.charge()))
    system.gateway.script_charges(Fails(NotSent("connect")))

    first = system.charge()

    assert (retries[0].replayed, retries[0].payment.status) == (True, Status.PROCESSING)
    current = system.reload(retries[0].payment)
    assert current.status is Status.FAILED
    assert current.failure is not None
    assert current.failure.code == "not_sent"
    assert first.payment == current
    system.follow_up(minutes=2)
    assert system.bus.types() == ["payment.processing", "payment.failed"]


def test_a_payment_that_answered_an_invalid_retry_stays_too() -> None:
    """A card may expire between a request and its retry: the retry still finds the earlier payment."""
    system, retries = PaymentSystem(), list[Charged | None]()
    system.gateway = Interrupted(lambda: retries.append(system.charging.earlier(samples.charge_request())))
    system.gateway.script_charges(Fails(NotSent("connect")))

    first = system.charge()

    (retry,) = retries
    assert retry is not None
    assert (retry.replayed, retry.payment.status) == (True, Status.PROCESSING)
    assert system.reload(retry.payment) == first.payment
    assert first.payment.status is Status.FAILED


def test_the_order_of_a_payment_that_was_not_sent_is_free() -> None:
    system = PaymentSystem()
    system.gateway.script_charges(Fails(NotSent("connect")))
    with pytest.raises(GatewayUnreachable):
        system.charge()
    assert system.ledger.payments() == []
    assert system.charge(samples.charge_request(idempotency_key="another")).payment.attempt == 1


def test_a_claim_that_is_released_during_a_retry_raises_unreachable() -> None:
    system = PaymentSystem()
    system.gateway.script_charges(Answers("REDIRECT"))
    payment = samples.payment(fingerprint=samples.charge_request().fingerprint(live=False))
    assert system.ledger.claim(payment, None) is None
    saved = system.ledger.save

    def save(before: object, after: object) -> object:
        system.ledger.release(payment)
        return saved(before, after)  # type: ignore[arg-type]

    system.ledger.save = save  # type: ignore[method-assign, assignment]
    with pytest.raises(GatewayUnreachable):
        system.charge(samples.charge_request())


class ReleasedByAnother(InMemoryLedger):
    """The same request claims right before us, and its claim is released before we read it."""

    def __init__(self) -> None:
        super().__init__()
        self._reads = 0
        self._other: Payment | None = None

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        if self._other is None:
            self._other = payment
            assert super().claim(payment, lock) is None
            raise OrderMoved("prepared, and not committed yet")
        return super().claim(payment, lock, superseding)

    def several(self, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
        self._reads += 1
        if self._reads == 1 and self._other is not None:
            assert self.release(self._other)
        return super().several(payment_ids)


def test_nothing_is_sent_without_a_claim_when_the_other_claim_is_released() -> None:
    system = PaymentSystem(ledger=ReleasedByAnother())

    charged = system.charge()

    assert not charged.replayed
    assert len(system.gateway.submissions) == 1
    assert system.ledger.get(charged.payment.id) == charged.payment
    assert system.ledger.order(samples.ORDER_ID, live=False) is not None


@pytest.mark.parametrize("error", [SecretUnusable("unreadable"), NotSent("circuit open")])
def test_a_retry_of_a_paid_charge_returns_it_while_the_gateway_is_unreachable(error: SecretUnusable | NotSent) -> None:
    system = PaymentSystem()
    system.gateway.script_charges(Answers("SUCCESS"))
    paid = system.charge().payment
    system.gateway.unready = error

    retry = system.charge()

    assert (retry.replayed, retry.payment) == (True, paid)


def test_the_time_before_the_post_is_not_given_to_the_gateway() -> None:
    system, seconds_given = PaymentSystem(), list[float]()

    class Slow(ScriptedGateway):
        def ensure_ready(self) -> None:
            system.clock.forward(seconds=7)

        def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
            seconds_given.append(seconds)
            return super().charge(submission, seconds)

    system.gateway = Slow()
    system.charge()
    assert seconds_given == [13.0]


def test_without_time_left_nothing_is_sent_or_recorded() -> None:
    system = PaymentSystem()

    class Slower(ScriptedGateway):
        def ensure_ready(self) -> None:
            system.clock.now += timedelta(seconds=20 - MIN_SEND_SECONDS + 0.1)

    system.gateway = Slower()
    with pytest.raises(GatewayUnreachable):
        system.charge()
    assert (system.gateway.submissions, system.ledger.payments()) == ([], [])


def test_a_payment_of_the_other_mode_is_not_queried() -> None:
    system = PaymentSystem()
    payment = samples.payment(live=True)
    system.ledger.claim(payment, None)

    for _ in range(10):
        system.follow_up(hours=1)

    assert system.gateway.asked == []
    assert system.reload(payment).status is Status.PROCESSING
