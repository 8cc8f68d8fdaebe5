"""A refresh asks once in five seconds, and its log lines and entries name the payment and the caller."""

from datetime import timedelta

from payments.follow_up.refresh import AT_MOST_EVERY
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from tests.fakes import samples
from tests.fakes.gateway import Answers
from tests.payments.assembled import PaymentSystem


def test_polling_asks_the_gateway_once_in_five_seconds(system: PaymentSystem) -> None:
    payment = system.charge().payment
    system.refresh(payment)
    for _ in range(3):
        system.clock.forward(seconds=AT_MOST_EVERY.total_seconds() - 0.001)
        system.refresh(payment)
        system.clock.forward(seconds=0.001)
        system.refresh(payment)

    assert timedelta(seconds=5) == AT_MOST_EVERY
    assert len(system.gateway.asked) == 4


def test_the_first_refresh_asks(system: PaymentSystem) -> None:
    system.refresh(system.charge().payment)

    assert len(system.gateway.asked) == 1


def test_log_lines_name_payment_order_and_transaction(system: PaymentSystem) -> None:
    system.gateway.script_charges(Answers("PENDING"))
    payment = system.charge().payment
    system.telemetry.subjects.clear()

    system.refresh(payment)

    assert system.telemetry.subjects[0] == (payment.id, samples.ORDER_ID, payment.transaction_id)
    assert payment.transaction_id


def test_a_gateway_without_an_answer_changes_nothing_and_is_logged(system: PaymentSystem) -> None:
    payment = system.charge().payment
    system.gateway.script_statuses(NoAnswer("timeout"))

    assert system.refresh(payment) == payment
    assert system.telemetry.facts_of("status_unanswered") == [{"payment_id": payment.id, "error": "NoAnswer"}]


def test_an_entry_names_the_caller_of_the_refresh(system: PaymentSystem) -> None:
    payment = system.charge().payment
    system.gateway.charges[0].raw_status = "SUCCESS"

    refreshed = system.refresh(payment)

    assert refreshed.status is Status.SUCCEEDED
    assert refreshed.history[-1].principal == samples.CALLER
