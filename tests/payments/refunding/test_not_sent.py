"""A refund that was not sent says so, and a refund in doubt is asked about soon."""

import pytest

from payments.errors import GatewayUnreachable
from payments.model.follow_up import IN_DOUBT_ASK
from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, NotSent
from tests.fakes import samples
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem

NOTHING_SENT = "the gateway could not be reached; nothing was sent"


def test_the_shop_and_the_history_learn_that_nothing_was_sent(system: PaymentSystem, paid: Payment) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=NotSent("connect")))

    with pytest.raises(GatewayUnreachable, match=f"^{NOTHING_SENT}$"):
        system.refund(paid)

    after = system.reload(paid)
    assert after.refund_attempt is not None
    assert after.refund_attempt.failure is not None
    assert (after.refund_attempt.failure.code, after.refund_attempt.failure.message) == ("not_sent", NOTHING_SENT)
    assert after.history[-1].evidence == {"sent": 0, "failure": "not_sent"}
    assert after.history[-1].principal == samples.CALLER


def test_a_refund_in_doubt_is_asked_about_soon_and_the_payment_is_known_to_have_arrived(
    system: PaymentSystem, paid: Payment
) -> None:
    system.gateway.script_refunds(Refunds(done=False, error=NoAnswer("timeout")))

    system.refund(paid)

    follow_up = system.reload(paid).follow_up
    assert follow_up.ask_at == follow_up.due_at == system.clock() + IN_DOUBT_ASK
    assert follow_up.arrived


def test_an_entry_of_the_gateways_answer_names_who_asked(system: PaymentSystem, paid: Payment) -> None:
    refunded = system.refund(paid).payment

    assert refunded.history[-1].name == "refunded"
    assert refunded.history[-1].principal == samples.CALLER
