"""A redirect that was left: after a while another payment takes over the order, and the old one is never lost."""

from datetime import timedelta
from typing import NoReturn

import pytest

from payments.charging.charge import Charging
from payments.charging.claim import OrderTaken
from payments.errors import GatewayUnreachable
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, NotSent
from payments.ports.ledger import OrderLock, Superseding
from payments.runtime.settings import ChargeSettings, SettingsError
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash
from tests.fakes.gateway import Answers, Fails
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem

HOUR = timedelta(hours=1)


def charged(system: PaymentSystem, key: str, left_after: timedelta | None = HOUR) -> Payment:
    charging = Charging(
        system.ledger, system.gateway, system.clock, system.telemetry, live=False, left_after=left_after
    )
    return charging.charge(samples.charge_request(idempotency_key=key), samples.webhook_url, 20.0).payment


@pytest.fixture
def left(system: PaymentSystem) -> Payment:
    payment = charged(system, "key-1")
    assert payment.status is Status.REQUIRES_ACTION
    system.clock.forward(seconds=HOUR.total_seconds() + 1)
    return payment


def test_a_new_key_takes_over_the_order(system: PaymentSystem, left: Payment) -> None:
    second = charged(system, "key-2")

    old = system.reload(left)
    assert (second.attempt, second.wire_order_id) == (2, f"{samples.ORDER_ID}~2")
    assert (old.status, old.superseded_at) == (Status.REQUIRES_ACTION, system.clock())
    assert old.history[-1].name == "superseded"
    assert old.history[-1].evidence == {"superseded_by": second.id}
    assert old.history[-1].principal == samples.CALLER
    assert "payment_superseded" in system.telemetry.signals
    system.follow_up()
    assert "payment.superseded" in system.bus.types()


def test_the_old_key_still_gets_its_own_payment(system: PaymentSystem, left: Payment) -> None:
    charged(system, "key-2")
    assert charged(system, "key-1").id == left.id
    assert len(system.gateway.submissions) == 2


@pytest.mark.parametrize("left_after", [HOUR + timedelta(seconds=1), None])
def test_a_redirect_that_is_not_too_old_keeps_the_order(
    system: PaymentSystem, left: Payment, left_after: timedelta | None
) -> None:
    with pytest.raises(OrderTaken):
        charged(system, "key-2", left_after)
    assert system.reload(left).superseded_at is None


@pytest.mark.parametrize("answer", [Answers("PENDING"), Fails(NoAnswer("timeout"), "SUCCESS"), Answers("SUCCESS")])
def test_only_a_redirect_can_be_left(system: PaymentSystem, answer: Answers | Fails) -> None:
    system.gateway.script_charges(answer)
    charged(system, "key-1")
    system.clock.forward(days=1)
    with pytest.raises(OrderTaken):
        charged(system, "key-2")
    assert len(system.gateway.submissions) == 1


def test_the_second_payment_holds_the_order(system: PaymentSystem, left: Payment) -> None:
    second = charged(system, "key-2")
    with pytest.raises(OrderTaken) as taken:
        charged(system, "key-3")
    assert taken.value.payment.id == second.id


def test_a_late_success_is_recorded_and_signalled(system: PaymentSystem, left: Payment) -> None:
    charged(system, "key-2")
    system.gateway.charges[0].raw_status = "SUCCESS"

    system.follow_up_until(lambda: system.reload(left).status is Status.SUCCEEDED)

    assert system.telemetry.signals.count("late_success") == 1
    assert "payment.succeeded" in system.bus.types()


def test_a_refund_of_a_late_success_is_no_second_late_success(system: PaymentSystem, left: Payment) -> None:
    charged(system, "key-2")
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.follow_up_until(lambda: system.reload(left).status is Status.SUCCEEDED)

    system.refund(left)

    assert system.reload(left).refund.status == "refunded"
    assert system.telemetry.signals.count("late_success") == 1


def test_an_order_stays_free_when_the_second_payment_was_not_sent(system: PaymentSystem, left: Payment) -> None:
    system.gateway.script_charges(Fails(NotSent("no route")))
    with pytest.raises(GatewayUnreachable):
        charged(system, "key-2")
    assert system.reload(left).superseded_at is not None
    assert charged(system, "key-3").attempt == 2
    assert len(system.gateway.submissions) == 3
    assert len(system.gateway.charges) == 2


class VerdictIsFaster(InMemoryLedger):
    """The shopper pays between our read of the left payment and our claim."""

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        if superseding is not None:
            paid = superseding.before.transition_to(
                Status.SUCCEEDED, at=payment.created_at, source="webhook", evidence={}
            )
            self.save(superseding.before, paid)
        return super().claim(payment, lock, superseding)


def test_a_verdict_that_is_faster_keeps_the_order() -> None:
    system = PaymentSystem(ledger=VerdictIsFaster())
    first = charged(system, "key-1")
    system.clock.forward(hours=2)

    with pytest.raises(OrderTaken):
        charged(system, "key-2")

    assert system.reload(first).status is Status.SUCCEEDED
    assert system.reload(first).superseded_at is None
    assert len(system.gateway.submissions) == 1


def test_a_crash_after_the_claim_leaves_a_payment_that_the_follow_up_finishes(
    system: PaymentSystem, left: Payment
) -> None:
    def killed(*_: object) -> NoReturn:
        raise Crash("killed")

    before, system.gateway.charge = system.gateway.charge, killed  # type: ignore[method-assign, assignment]
    with pytest.raises(Crash):
        charged(system, "key-2")
    system.gateway.charge = before  # type: ignore[method-assign]

    second = charged(system, "key-2")

    assert (second.status, second.attempt) == (Status.PROCESSING, 2)
    with pytest.raises(OrderTaken):
        charged(system, "key-3")
    system.follow_up_until(lambda: system.reload(second).status is Status.FAILED)
    assert charged(system, "key-3").attempt == 3


@pytest.mark.parametrize("hours", [36, 50])
def test_an_order_that_was_left_for_days_is_taken_over_too(system: PaymentSystem, hours: int) -> None:
    """The status queries end after 38 hours, with a review: the shopper may come back after that."""
    longest = timedelta(minutes=2160)
    with pytest.raises(SettingsError, match="LEFT_REDIRECT_MINUTES"):
        ChargeSettings.from_environment({"LEFT_REDIRECT_MINUTES": "2161"})
    left = charged(system, "key-1", longest)
    for _ in range(hours):
        system.follow_up(hours=1)
    system.follow_up(seconds=1)
    assert charged(system, "key-2", longest if hours == 36 else HOUR).attempt == 2
    assert system.reload(left).superseded_at is not None
    assert system.reload(left).status is (Status.REQUIRES_ACTION if hours == 36 else Status.NEEDS_REVIEW)


def test_a_late_success_of_a_payment_in_review_is_signalled(system: PaymentSystem, left: Payment) -> None:
    for _ in range(50):
        system.follow_up(hours=1)
    charged(system, "key-2")
    system.gateway.charges[0].raw_status = "SUCCESS"

    system.webhook(system.reload(left))

    assert system.reload(left).status is Status.SUCCEEDED
    assert system.telemetry.signals.count("late_success") == 1
