"""What a query without news leaves behind: what is counted, what is known, and when a person is called."""

from dataclasses import replace

import pytest

from payments.follow_up.schedule import BACK_OFF
from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, UnknownToGateway
from tests.fakes.gateway import Answers, Refunds
from tests.payments.assembled import PaymentSystem, queried


def with_plan(system: PaymentSystem, payment: Payment, **plan: object) -> Payment:
    """The payment with another state of its plan, due for a query now."""
    current = system.reload(payment)
    follow_up = replace(current.follow_up, due_at=system.clock(), ask_at=system.clock(), **plan)  # type: ignore[arg-type]
    return system.ledger.save(current, replace(current, follow_up=follow_up))


def refund_in_doubt(system: PaymentSystem, asks: int = 0) -> Payment:
    paid = system.paid()
    system.gateway.script_refunds(Refunds(done=False, error=NoAnswer("reset")))
    return with_plan(system, system.refund(paid).payment, asks=asks)


def test_a_refund_of_a_payment_that_is_not_found_is_not_denied(system: PaymentSystem) -> None:
    before = refund_in_doubt(system)
    system.gateway.script_statuses(UnknownToGateway("lags"))

    after = queried(system.finisher, before).payment

    assert after is not None
    assert (after.follow_up.asks, after.follow_up.not_found) == (1, 0)


def test_a_status_that_states_that_there_is_no_refund_denies_it(system: PaymentSystem) -> None:
    before = refund_in_doubt(system)

    after = queried(system.finisher, before).payment

    assert after is not None
    assert (after.follow_up.asks, after.follow_up.not_found) == (1, 1)


def test_a_payment_of_the_other_mode_is_not_counted_as_not_found(system: PaymentSystem) -> None:
    before = with_plan(system, system.charge().payment)
    system.gateway.live = True

    after = queried(system.finisher, before).payment

    assert after is not None
    assert (after.follow_up.asks, after.follow_up.not_found) == (1, 0)


def test_an_answer_without_news_shows_that_the_payment_arrived(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("REDIRECT"))
    before = with_plan(system, system.charge().payment, arrived=False)

    after = queried(system.finisher, before).payment

    assert after is not None
    assert after.follow_up.arrived


class TestRefundUnresolved:
    @pytest.mark.parametrize(("asks", "called"), [(len(BACK_OFF) - 1, False), (len(BACK_OFF), True)])
    def test_a_person_is_called_after_the_whole_plan(self, system: PaymentSystem, asks: int, *, called: bool) -> None:
        before = refund_in_doubt(system, asks)

        queried(system.finisher, before)

        facts = {"payment_id": before.id, "asks": asks + 1}
        assert system.telemetry.facts_of("refund_unresolved") == [facts] * called

    def test_nobody_is_called_about_a_refund_that_nobody_requested(self, system: PaymentSystem) -> None:
        paid = with_plan(system, system.paid(), asks=len(BACK_OFF))

        queried(system.finisher, paid)

        assert "refund_unresolved" not in system.telemetry.signals
