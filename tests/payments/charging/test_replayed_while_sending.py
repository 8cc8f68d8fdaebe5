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
from tests.payments.assembled import House


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
    house, repeats = House(), list[Charged]()
    house.gateway = Interrupted(lambda: repeats.append(house.charge()))
    house.gateway.will(Fails(NotSent("connect")))

    first = house.charge()

    assert (repeats[0].replayed, repeats[0].payment.status) == (True, Status.PROCESSING)
    standing = house.standing(repeats[0].payment)
    assert standing.status is Status.FAILED
    assert standing.failure is not None
    assert standing.failure.code == "not_sent"
    assert first.payment == standing
    house.follow_up(minutes=2)
    assert house.bus.types() == ["payment.processing", "payment.failed"]


def test_a_repeat_that_would_not_be_taken_today_finds_the_payment_all_the_same() -> None:
    """A card that expires between a request and its repeat: the repeat is known by what it led to before."""
    house, repeats = House(), list[Charged | None]()
    house.gateway = Interrupted(lambda: repeats.append(house.charging.earlier(samples.charge_request())))
    house.gateway.will(Fails(NotSent("connect")))

    first = house.charge()

    (repeat,) = repeats
    assert repeat is not None
    assert (repeat.replayed, repeat.payment.status) == (True, Status.PROCESSING)
    assert house.standing(repeat.payment) == first.payment
    assert first.payment.status is Status.FAILED


def test_the_order_of_a_payment_that_could_not_be_sent_is_free() -> None:
    house = House()
    house.gateway.will(Fails(NotSent("connect")))
    with pytest.raises(GatewayUnreachable):
        house.charge()
    assert house.ledger.payments() == []
    assert house.charge(samples.charge_request(idempotency_key="another")).payment.attempt == 1


def test_a_claim_that_was_taken_back_as_a_repeat_was_told_of_it_is_a_503() -> None:
    house = House()
    house.gateway.will(Answers("REDIRECT"))
    payment = samples.payment(fingerprint=samples.charge_request().fingerprint())
    assert house.ledger.claim(payment, None) is None
    saved = house.ledger.save

    def save(before: object, after: object) -> object:
        house.ledger.release(payment)
        return saved(before, after)  # type: ignore[arg-type]

    house.ledger.save = save  # type: ignore[method-assign, assignment]
    with pytest.raises(GatewayUnreachable):
        house.charge(samples.charge_request())


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
    house = House(ledger=TakenBack())

    charged = house.charge()

    assert not charged.replayed
    assert len(house.gateway.submissions) == 1
    assert house.ledger.get(charged.payment.id) == charged.payment
    assert house.ledger.order(samples.ORDER_ID) is not None


@pytest.mark.parametrize("trouble", [SecretUnusable("unreadable"), NotSent("circuit open")])
def test_a_repeat_of_a_paid_charge_is_told_so_whatever_is_out_of_reach(trouble: SecretUnusable | NotSent) -> None:
    house = House()
    house.gateway.will(Answers("SUCCESS"))
    paid = house.charge().payment
    house.gateway.unready = trouble

    repeat = house.charge()

    assert (repeat.replayed, repeat.payment) == (True, paid)


def test_what_was_spent_before_the_post_is_not_given_to_the_gateway() -> None:
    house, given = House(), list[float]()

    class Slow(ScriptedGateway):
        def ensure_ready(self) -> None:
            house.clock.forward(seconds=7)

        def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
            given.append(seconds)
            return super().charge(submission, seconds)

    house.gateway = Slow()
    house.charge()
    assert given == [13.0]


def test_without_time_left_nothing_is_sent_and_nothing_remains() -> None:
    house = House()

    class Slower(ScriptedGateway):
        def ensure_ready(self) -> None:
            house.clock.now += timedelta(seconds=20 - MIN_SEND_SECONDS + 0.1)

    house.gateway = Slower()
    with pytest.raises(GatewayUnreachable):
        house.charge()
    assert (house.gateway.submissions, house.ledger.payments()) == ([], [])


def test_a_payment_of_the_other_mode_is_not_asked_about() -> None:
    house = House()
    payment = samples.payment(live=True)
    house.ledger.claim(payment, None)

    for _ in range(10):
        house.follow_up(hours=1)

    assert house.gateway.asked == []
    assert house.standing(payment).status is Status.PROCESSING
