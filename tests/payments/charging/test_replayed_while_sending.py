"""Who was told of a payment finds it again; and what a repeat is told is true, whatever is out of reach."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from payments.charging.charge import Charged
from payments.errors import GatewayUnreachable, SecretUnusable
from payments.model.follow_up import MIN_SEND_SECONDS
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NotSent, Submission
from payments.ports.ledger import OrderLock, OrderMoved
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails, ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem


class Interrupted(ScriptedGateway):
    """Something happens, once, while the gateway is being reached."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        while self._meanwhile:
            self._meanwhile.pop()()
        return super().charge(submission, seconds)


def test_a_repeat_that_was_told_processing_finds_the_payment_though_nothing_could_be_sent() -> None:
    system, repeats = PaymentSystem(), list[Charged]()
    system.gateway = Interrupted(lambda: repeats.append(system.charge()))
    system.gateway.script_charges(Fails(NotSent("connect")))

    first = system.charge()

    assert (repeats[0].replayed, repeats[0].payment.status) == (True, Status.PROCESSING)
    standing = system.reload(repeats[0].payment)
    assert standing.status is Status.FAILED
    assert standing.failure is not None
    assert standing.failure.code == "not_sent"
    assert first.payment == standing
    system.follow_up(minutes=2)
    assert system.bus.types() == ["payment.processing", "payment.failed"]


def test_a_repeat_that_would_not_be_taken_today_finds_the_payment_all_the_same() -> None:
    """A card that expires between a request and its repeat: the repeat is known by what it led to before."""
    system, repeats = PaymentSystem(), list[Charged | None]()
    system.gateway = Interrupted(lambda: repeats.append(system.charging.earlier(samples.charge_request())))
    system.gateway.script_charges(Fails(NotSent("connect")))

    first = system.charge()

    (repeat,) = repeats
    assert repeat is not None
    assert (repeat.replayed, repeat.payment.status) == (True, Status.PROCESSING)
    assert system.reload(repeat.payment) == first.payment
    assert first.payment.status is Status.FAILED


def test_the_order_of_a_payment_that_could_not_be_sent_is_free() -> None:
    system = PaymentSystem()
    system.gateway.script_charges(Fails(NotSent("connect")))
    with pytest.raises(GatewayUnreachable):
        system.charge()
    assert system.ledger.payments() == []
    assert system.charge(samples.charge_request(idempotency_key="another")).payment.attempt == 1


def test_a_claim_that_was_taken_back_as_a_repeat_was_told_of_it_is_a_503() -> None:
    system = PaymentSystem()
    system.gateway.script_charges(Answers("REDIRECT"))
    payment = samples.payment(fingerprint=samples.charge_request().fingerprint())
    assert system.ledger.claim(payment, None) is None
    saved = system.ledger.save

    def save(before: object, after: object) -> object:
        system.ledger.release(payment)
        return saved(before, after)  # type: ignore[arg-type]

    system.ledger.save = save  # type: ignore[method-assign, assignment]
    with pytest.raises(GatewayUnreachable):
        system.charge(samples.charge_request())


class TakenBack(InMemoryLedger):
    """The very same request claims a moment before us, and its claim is taken back while we look at it."""

    def __init__(self) -> None:
        super().__init__()
        self._gets = 0
        self._other: Payment | None = None

    def claim(self, payment: Payment, order: OrderLock | None) -> Payment | None:
        if self._other is None:
            self._other = payment
            assert super().claim(payment, order) is None
            raise OrderMoved("prepared, and not committed yet")
        return super().claim(payment, order)

    def get(self, payment_id: str) -> Payment | None:
        self._gets += 1
        if self._gets == 2 and self._other is not None:
            assert self.release(self._other)
        return super().get(payment_id)


def test_nothing_is_sent_without_a_claim_though_the_twins_was_taken_back_under_our_eyes() -> None:
    system = PaymentSystem(ledger=TakenBack())

    charged = system.charge()

    assert not charged.replayed
    assert len(system.gateway.submissions) == 1
    assert system.ledger.get(charged.payment.id) == charged.payment
    assert system.ledger.order(samples.ORDER_ID) is not None


@pytest.mark.parametrize("trouble", [SecretUnusable("unreadable"), NotSent("circuit open")])
def test_a_repeat_of_a_paid_charge_is_told_so_whatever_is_out_of_reach(trouble: SecretUnusable | NotSent) -> None:
    system = PaymentSystem()
    system.gateway.script_charges(Answers("SUCCESS"))
    paid = system.charge().payment
    system.gateway.unready = trouble

    repeat = system.charge()

    assert (repeat.replayed, repeat.payment) == (True, paid)


def test_what_was_spent_before_the_post_is_not_given_to_the_gateway() -> None:
    system, given = PaymentSystem(), list[float]()

    class Slow(ScriptedGateway):
        def ensure_ready(self) -> None:
            system.clock.forward(seconds=7)

        def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
            given.append(seconds)
            return super().charge(submission, seconds)

    system.gateway = Slow()
    system.charge()
    assert given == [13.0]


def test_without_time_left_nothing_is_sent_and_nothing_remains() -> None:
    system = PaymentSystem()

    class Slower(ScriptedGateway):
        def ensure_ready(self) -> None:
            system.clock.now += timedelta(seconds=20 - MIN_SEND_SECONDS + 0.1)

    system.gateway = Slower()
    with pytest.raises(GatewayUnreachable):
        system.charge()
    assert (system.gateway.submissions, system.ledger.payments()) == ([], [])


def test_a_payment_of_the_other_mode_is_not_asked_about() -> None:
    system = PaymentSystem()
    payment = samples.payment(live=True)
    system.ledger.claim(payment, None)

    for _ in range(10):
        system.follow_up(hours=1)

    assert system.gateway.asked == []
    assert system.reload(payment).status is Status.PROCESSING
