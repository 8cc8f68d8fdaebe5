"""A left payment is asked about before it gives its order away: its webhook may be lost, and it may be paid."""

from contextlib import suppress
from datetime import timedelta

import pytest

from payments.charging.claim import OrderTaken
from payments.errors import GatewayUnreachable
from payments.model.follow_up import MIN_SEND_SECONDS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.status_query import ASK_SECONDS
from payments.ports.gateway import NoAnswer, NotSent, UnknownToGateway
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem

HOUR = timedelta(hours=1)


def says(system: PaymentSystem, payment: Payment, raw_status: str | None) -> None:
    """What the gateway has for the payment from now on; None: nothing that it finds."""
    word, _, other_amount = (raw_status or "").partition(" of ")
    if raw_status is None:
        system.gateway.script_statuses(UnknownToGateway("none"))
    elif other_amount:
        amount = payment.money.amount + 1
        system.gateway.answers[payment.wire_order_id] = samples.transaction(word, amount=amount)
    else:
        system.gateway.charges_of(payment.wire_order_id)[0].raw_status = raw_status


def charged(system: PaymentSystem, key: str) -> Payment:
    return system.charge(samples.charge_request(idempotency_key=key)).payment


@pytest.fixture(params=[False, True], ids=["alarm", "refund"])
def system(request: pytest.FixtureRequest) -> PaymentSystem:
    return PaymentSystem(left_after=HOUR, refunds_superseded=request.param)


@pytest.fixture
def left(system: PaymentSystem) -> Payment:
    payment = charged(system, "first")
    system.clock.forward(hours=1, seconds=1)
    return payment


def test_a_payment_that_was_paid_without_a_webhook_keeps_its_order(system: PaymentSystem, left: Payment) -> None:
    system.gateway.charges_of(left.wire_order_id)[0].raw_status = "SUCCESS"

    with pytest.raises(OrderTaken) as taken:
        charged(system, "second")

    assert taken.value.payment.status is Status.SUCCEEDED
    assert system.reload(left).superseded_at is None
    system.follow_up_until(lambda: system.nothing_is_due)
    assert [charge.raw_status for charge in system.gateway.charges] == ["SUCCESS"]
    assert system.gateway.refund_posts == []


@pytest.mark.parametrize("silence", [NoAnswer("timeout"), NotSent("no route")])
def test_without_an_answer_it_keeps_its_order(
    system: PaymentSystem, left: Payment, silence: NoAnswer | NotSent
) -> None:
    system.gateway.script_statuses(silence)

    with pytest.raises(OrderTaken):
        charged(system, "second")

    assert system.reload(left).superseded_at is None
    assert charged(system, "second").attempt == 2, "the same key again, with an answer"


@pytest.mark.parametrize("raw_status", ["PENDING", "FAILED"])
def test_news_are_recorded(system: PaymentSystem, left: Payment, raw_status: str) -> None:
    system.gateway.charges_of(left.wire_order_id)[0].raw_status = raw_status

    if raw_status == "PENDING":
        with pytest.raises(OrderTaken):
            charged(system, "second")
    else:
        assert charged(system, "second").attempt == 2

    assert system.reload(left).history[-1].evidence["gateway_status"] == raw_status
    assert system.reload(left).superseded_at is None


def test_one_that_still_waits_gives_it_away(system: PaymentSystem, left: Payment) -> None:
    assert charged(system, "second").attempt == 2
    assert system.reload(left).superseded_at is not None


@pytest.mark.parametrize("raw_status", [None, "INIT", "A NEW WORD"])
def test_it_keeps_its_order_unless_the_gateway_says_that_it_waits(
    system: PaymentSystem, left: Payment, raw_status: str | None
) -> None:
    """Not found is a lag, or the keys of another account: the gateway has shown the page before."""
    says(system, left, raw_status)
    with pytest.raises(OrderTaken) as taken:
        charged(system, "second")
    assert taken.value.payment.id == left.id
    assert system.reload(left).superseded_at is None


@pytest.mark.parametrize(
    "raw_status", ["PENDING", "INIT", None, "REDIRECT of another amount", "SUCCESS of another amount"]
)
def test_one_in_review_keeps_its_order_unless_the_gateway_says_that_it_waits(
    system: PaymentSystem, left: Payment, raw_status: str | None
) -> None:
    """The queries have ended on the page. A review takes neither PENDING nor a mismatch: the answer itself counts."""
    for _ in range(50):
        system.follow_up(hours=1)
    assert system.reload(left).status is Status.NEEDS_REVIEW
    says(system, left, raw_status)
    with pytest.raises(OrderTaken):
        charged(system, "second")


@pytest.mark.parametrize("raw_status", ["SUCCESS", "PENDING", None])
def test_one_that_is_superseded_already_is_asked_about_as_well(
    system: PaymentSystem, left: Payment, raw_status: str | None
) -> None:
    """Its successor was never sent, and is repeated. Meanwhile the shopper came back."""
    system.gateway.script_charges(Fails(NotSent("no route")))
    with pytest.raises(GatewayUnreachable):
        charged(system, "second")
    assert system.reload(left).superseded_at is not None
    says(system, left, raw_status)
    with pytest.raises(OrderTaken):
        charged(system, "second")
    assert len(system.gateway.charges) == 1


def test_each_payment_that_waits_is_asked_about(system: PaymentSystem, left: Payment) -> None:
    second = charged(system, "second")
    system.charging.cancel(second, samples.CALLER)
    before = len(system.gateway.asked)
    assert charged(system, "third").attempt == 3
    assert system.gateway.asked[before:] == [left.wire_order_id, second.wire_order_id]


@pytest.mark.parametrize("raw_status", ["FAILED", "PENDING", "SUCCESS"])
def test_nobody_asks_about_a_payment_that_does_not_wait(system: PaymentSystem, raw_status: str) -> None:
    """Nor about one that is superseded and paid, or waits for its shopper not long enough."""
    system.gateway.script_charges(Answers(raw_status), Answers("REDIRECT"))
    charged(system, "first")
    for _ in range(2):
        with suppress(OrderTaken):
            charged(system, "second")
        with suppress(OrderTaken):
            charged(system, "third")
    assert system.gateway.asked == []


def test_nobody_asks_about_a_late_success(system: PaymentSystem, left: Payment) -> None:
    system.charging.cancel(left, samples.CALLER)
    says(system, left, "SUCCESS")
    system.webhook(system.reload(left))
    before = len(system.gateway.asked)
    with pytest.raises(OrderTaken):
        charged(system, "second")
    assert len(system.gateway.asked) == before


def test_without_time_for_an_answer_it_keeps_its_order(system: PaymentSystem, left: Payment) -> None:
    request = samples.charge_request(idempotency_key="second")
    with pytest.raises(OrderTaken):
        system.charging.charge(request, samples.webhook_url, ASK_SECONDS + MIN_SEND_SECONDS - 0.01)
    assert system.gateway.asked == []
    charged_in_time = system.charging.charge(request, samples.webhook_url, ASK_SECONDS + MIN_SEND_SECONDS)
    assert charged_in_time.payment.attempt == 2


def test_the_log_speaks_of_the_new_payment_again(system: PaymentSystem, left: Payment) -> None:
    system.gateway.script_charges(Answers("SUCCESS"))
    second = charged(system, "second")
    of_left = max(nth for nth, subject in enumerate(system.telemetry.subjects) if subject[0] == left.id)
    assert system.telemetry.subjects[of_left + 1] == (second.id, second.order_id, None)
    assert system.telemetry.subjects[-1][0] == second.id != left.id


def test_the_mark_says_what_becomes_of_a_late_success(system: PaymentSystem, left: Payment) -> None:
    second = charged(system, "second")
    policy = {"if_paid": "refund"} if system.charging.refunds_superseded else {}
    assert system.reload(left).history[-1].evidence == {"superseded_by": second.id, **policy}
