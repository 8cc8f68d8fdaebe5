"""What a recorded outcome leaves in the history and in the log."""

from decimal import Decimal

import pytest

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import FINAL, Status
from payments.outcome.apply import was_decided_on
from payments.outcome.record import record, record_refund
from payments.outcome.status_query import ask
from payments.ports.gateway import NotSent
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.gateway import Answers, ScriptedGateway
from tests.payments.assembled import PaymentSystem


@pytest.fixture
def open_payment(system: PaymentSystem) -> Payment:
    payment = samples.payment()
    system.ledger.claim(payment, None)
    return payment


def recorded(system: PaymentSystem, payment: Payment, transaction: GatewayTransaction) -> Payment:
    return record(
        payment, transaction, "answer", system.ledger, system.clock, system.telemetry, principal=samples.CALLER
    )


class TestWhoAsked:
    def test_each_new_entry_names_the_caller_and_no_old_one_does(
        self, system: PaymentSystem, open_payment: Payment
    ) -> None:
        after = recorded(system, open_payment, samples.transaction("SUCCESS", refunded=True))

        assert [(entry.name, entry.principal) for entry in after.history] == [
            ("processing", None),
            ("succeeded", samples.CALLER),
            ("refunded", samples.CALLER),
        ]

    def test_the_answer_to_a_refund_names_its_caller(self, system: PaymentSystem) -> None:
        paid = system.paid()
        refunded = samples.transaction(refunded=True, transaction_id=paid.transaction_id)
        after = record_refund(paid, refunded, system.ledger, system.clock, system.telemetry, samples.CALLER)

        assert (after.history[-1].name, after.history[-1].principal) == ("refunded", samples.CALLER)


class TestLogLines:
    def test_they_name_payment_order_and_the_transaction_of_the_payment(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("PENDING"))
        payment = system.charge().payment
        system.telemetry.subjects.clear()
        recorded(system, payment, samples.transaction("SUCCESS", transaction_id="another"))

        assert system.telemetry.subjects == [(payment.id, samples.ORDER_ID, payment.transaction_id)]

    def test_they_name_the_transaction_of_the_answer_when_the_payment_has_none(
        self, system: PaymentSystem, open_payment: Payment
    ) -> None:
        recorded(system, open_payment, samples.transaction("SUCCESS"))

        assert system.telemetry.subjects == [(open_payment.id, samples.ORDER_ID, samples.TRANSACTION_ID)]


class TestContradiction:
    """Only another final verdict after a final one calls a person."""

    @pytest.mark.parametrize("raw_status", ["SUCCESS", "PENDING", "REDIRECT"])
    def test_it_is_no_contradiction_of_a_success(self, system: PaymentSystem, raw_status: str) -> None:
        recorded(system, system.paid(), samples.transaction(raw_status))

        assert "verdict_contradicted" not in system.telemetry.signals

    def test_a_failure_after_a_success_is_one(self, system: PaymentSystem) -> None:
        recorded(system, system.paid(), samples.transaction("FAILED"))

        assert system.telemetry.signals.count("verdict_contradicted") == 1

    @pytest.mark.parametrize("raw_status", ["SUCCESS", "FAILED", "BLOCKED", "PENDING", "REDIRECT"])
    def test_an_open_payment_has_nothing_to_contradict(
        self, system: PaymentSystem, open_payment: Payment, raw_status: str
    ) -> None:
        recorded(system, open_payment, samples.transaction(raw_status))

        assert "verdict_contradicted" not in system.telemetry.signals

    def test_a_late_success_is_allowed_and_is_no_contradiction(self, system: PaymentSystem) -> None:
        system.gateway.script_charges(Answers("FAILED"))
        failed = system.charge().payment
        assert failed.status in FINAL
        assert failed.may_become(Status.SUCCEEDED)
        recorded(system, failed, samples.transaction("SUCCESS"))

        assert "verdict_contradicted" not in system.telemetry.signals


def test_each_mismatched_field_is_in_the_failure_and_in_the_evidence(
    system: PaymentSystem, open_payment: Payment
) -> None:
    after = recorded(system, open_payment, samples.transaction(amount=Decimal(101), currency="EUR"))

    assert after.failure is not None
    assert after.failure.message == "not as it was sent: amount, currency"
    assert after.history[-1].evidence["mismatch"] == "amount,currency"


def test_a_person_decided_only_on_the_status_before_the_decision(open_payment: Payment, system: PaymentSystem) -> None:
    pending = recorded(system, open_payment, samples.transaction("PENDING"))
    in_review = recorded(system, pending, samples.transaction("SUCCESS", currency="EUR"))
    decided = in_review.transition_to(Status.FAILED, at=START, source="operator", evidence={})

    assert was_decided_on(decided, samples.transaction("SUCCESS"))
    assert not was_decided_on(decided, samples.transaction("PENDING"))


def test_a_payment_of_the_other_mode_is_not_asked_about() -> None:
    gateway = ScriptedGateway()

    with pytest.raises(NotSent, match=r"^not asked: the payment is of the other mode$"):
        ask(gateway, samples.payment(live=True), 8.0)
    assert gateway.asked == []


def test_a_payment_is_asked_about_under_the_order_id_that_was_sent(system: PaymentSystem) -> None:
    """The gateway's own id may be the one of another attempt. Only an adopted payment was not sent by us."""
    ask(system.gateway, system.paid(), 8.0)

    assert system.gateway.asked == [samples.ORDER_ID]
