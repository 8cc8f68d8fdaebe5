"""The 3-D Secure page reaches the shop even when another source reports REDIRECT first, without the page."""

import pytest

from payments.events.event import event_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.outcome.record import record
from tests.fakes import samples
from tests.payments.assembled import PaymentSystem

PAGE = samples.SHOPPER_PAGE


@pytest.fixture
def waiting(system: PaymentSystem) -> Payment:
    """A payment that the status API calls REDIRECT without a page, while its own POST still waits."""
    payment = samples.payment()
    system.ledger.claim(payment, None)
    no_page = samples.transaction("REDIRECT", redirect_url=None)
    return record(payment, no_page, "status", system.ledger, system.clock, system.telemetry)


def test_a_report_of_the_same_status_adds_the_page(system: PaymentSystem, waiting: Payment) -> None:
    assert (waiting.status, waiting.redirect_url) == (Status.REQUIRES_ACTION, None)

    answered = record(waiting, samples.transaction("REDIRECT"), "answer", system.ledger, system.clock, system.telemetry)

    assert (answered.status, answered.redirect_url) == (Status.REQUIRES_ACTION, PAGE)
    assert system.reload(waiting) == answered
    added = answered.history[-1]
    assert answered.version == waiting.version + 1
    assert (added.name, added.previous_status, added.source) == ("requires_action", Status.REQUIRES_ACTION, "answer")
    assert event_of(answered, added).type == "payment.requires_action"


@pytest.mark.parametrize(
    ("later", "kept"), [("go to your bank", "go to your bank"), (None, "the gateway says redirect")]
)
def test_the_page_comes_with_its_message(system: PaymentSystem, waiting: Payment, later: str | None, kept: str) -> None:
    page = samples.transaction("REDIRECT", message=later)

    assert record(waiting, page, "answer", system.ledger, system.clock, system.telemetry).message == kept


def test_a_page_that_is_known_is_not_replaced(system: PaymentSystem, waiting: Payment) -> None:
    answered = record(waiting, samples.transaction("REDIRECT"), "answer", system.ledger, system.clock, system.telemetry)
    other = samples.transaction("REDIRECT", redirect_url="https://elsewhere.example/page")
    for later in (other, samples.transaction("REDIRECT"), samples.transaction("REDIRECT", redirect_url=None)):
        assert record(answered, later, "webhook", system.ledger, system.clock, system.telemetry) == answered


def test_a_page_after_the_verdict_changes_nothing(system: PaymentSystem, waiting: Payment) -> None:
    paid = record(waiting, samples.transaction("SUCCESS"), "webhook", system.ledger, system.clock, system.telemetry)
    late = record(paid, samples.transaction("REDIRECT"), "answer", system.ledger, system.clock, system.telemetry)
    assert late == paid


@pytest.mark.parametrize("ask", ["refresh", "retry"])
def test_a_client_that_asks_while_the_post_waits_gets_the_page_from_the_answer(system: PaymentSystem, ask: str) -> None:
    def while_the_post_waits(_: object) -> None:
        system.gateway.before_answer = None
        repeated = system.charge()
        assert repeated.replayed
        if ask == "refresh":
            assert system.refresh(repeated.payment).redirect_url is None

    system.gateway.before_answer = while_the_post_waits
    charged = system.charge()

    assert charged.payment.redirect_url == PAGE
    assert system.charge().payment.redirect_url == PAGE
    assert len(system.gateway.submissions) == 1


@pytest.mark.parametrize("page", [None, "https://elsewhere.example/page"])
def test_the_page_is_kept_while_the_gateway_says_pending_in_between(system: PaymentSystem, page: str | None) -> None:
    """The status API says REDIRECT again, with a page or without one."""
    payment = system.charge().payment
    for raw_status, url in (("PENDING", None), ("REDIRECT", page)):
        news = samples.transaction(raw_status, redirect_url=url)
        payment = record(payment, news, "status", system.ledger, system.clock, system.telemetry)

    assert (payment.status, payment.redirect_url) == (Status.REQUIRES_ACTION, page or PAGE)


@pytest.mark.parametrize("raw_status", ["SUCCESS", "FAILED", "ABANDONED"])
def test_a_verdict_ends_the_page(system: PaymentSystem, raw_status: str) -> None:
    payment = system.charge().payment
    news = samples.transaction(raw_status)
    assert record(payment, news, "status", system.ledger, system.clock, system.telemetry).redirect_url is None
