"""What a charge sends, and what it leaves in the history and in the log."""

from decimal import Decimal

import pytest

from payments.errors import GatewayUnreachable
from payments.model.follow_up import IN_DOUBT_ASK, MIN_SEND_SECONDS
from payments.model.history import Failure, FieldError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused, Submission
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.payments.assembled import PaymentSystem

WRONG = FieldError("zip", "invalid", "not a postcode")


def charged(system: PaymentSystem, outcome: Answers | Fails) -> Payment:
    system.gateway.script_charges(outcome)
    return system.charge().payment


def test_the_gateway_gets_each_field_of_the_request(system: PaymentSystem) -> None:
    request = samples.charge_request(terminal_id="T-1")
    payment = system.charge(request).payment

    assert system.gateway.submissions == [
        Submission(
            money=samples.MONEY,
            card=samples.card(),
            shopper=samples.shopper(),
            redirect_url="https://shop.example/thanks",
            webhook_url=samples.webhook_url(payment.id),
            order_id=samples.ORDER_ID,
            terminal_id="T-1",
        )
    ]


@pytest.mark.parametrize(
    ("outcome", "evidence", "failure"),
    [
        (
            Fails(CredentialsRefused("wrong key")),
            {"refused": "credentials"},
            Failure("gateway_credentials", "wrong key"),
        ),
        (Fails(Refused("no", (WRONG,))), {"refused": "invalid"}, Failure("invalid_request", "no", (WRONG,))),
    ],
    ids=["credentials", "request"],
)
def test_a_refusal_is_in_the_history_with_its_cause_and_the_caller(
    system: PaymentSystem, outcome: Fails, evidence: dict[str, str], failure: Failure
) -> None:
    payment = charged(system, outcome)

    last = payment.history[-1]
    assert (last.evidence, last.failure, last.source) == (evidence, failure, "answer")
    assert last.principal == samples.CALLER
    assert payment.answered == "verdict"


@pytest.mark.parametrize("raw_status", ["SUCCESS", "FAILED", "REDIRECT"])
def test_each_entry_of_a_charge_names_the_caller(system: PaymentSystem, raw_status: str) -> None:
    payment = charged(system, Answers(raw_status))

    assert [entry.principal for entry in payment.history] == [samples.CALLER] * 2


def test_a_payment_records_the_facts_of_its_card(system: PaymentSystem) -> None:
    assert system.charge().payment.card == samples.card().facts


def test_log_lines_name_payment_and_order(system: PaymentSystem) -> None:
    payment = system.charge().payment

    assert system.telemetry.subjects[0] == (payment.id, samples.ORDER_ID, None)


class TestInDoubt:
    def test_without_an_answer_it_is_asked_about_soon_and_may_not_have_arrived(self, system: PaymentSystem) -> None:
        payment = charged(system, Fails(NoAnswer("the connection was reset")))

        assert payment.follow_up.ask_at == system.clock() + IN_DOUBT_ASK
        assert not payment.follow_up.arrived
        assert system.telemetry.facts_of("charge_in_doubt") == [
            {"payment_id": payment.id, "why": "the connection was reset"}
        ]

    def test_with_an_answer_without_a_verdict_it_has_arrived(self, system: PaymentSystem) -> None:
        payment = charged(system, Answers("INIT"))

        assert payment.status is Status.PROCESSING
        assert payment.follow_up.arrived
        assert payment.answered == "in_doubt"
        assert system.telemetry.facts_of("charge_in_doubt")[-1]["why"] == "the gateway says INIT"

    def test_an_answer_that_contradicts_the_charge_is_no_verdict_for_its_retries(self, system: PaymentSystem) -> None:
        payment = charged(system, Answers("SUCCESS", {"amount": Decimal(1)}))

        assert payment.status is Status.NEEDS_REVIEW
        assert payment.answered == "in_doubt"

    def test_the_payment_in_the_ledger_is_due_for_it(self, system: PaymentSystem) -> None:
        payment = charged(system, Fails(NoAnswer("timeout")))

        assert system.reload(payment) == payment


class TestNotBegun:
    def test_a_gateway_out_of_reach_records_nothing(self, system: PaymentSystem) -> None:
        system.gateway.unready = NotSent("circuit open")

        with pytest.raises(GatewayUnreachable, match=r"^the gateway is out of reach; nothing was recorded or sent$"):
            system.charge()
        assert system.ledger.payments() == []

    @pytest.mark.parametrize(("seconds", "sent"), [(MIN_SEND_SECONDS, 1), (MIN_SEND_SECONDS - 0.001, 0)])
    def test_a_charge_is_sent_only_with_enough_time_for_its_answer(
        self, system: PaymentSystem, seconds: float, sent: int
    ) -> None:
        try:
            system.charging.charge(samples.charge_request(), samples.webhook_url, seconds)
        except GatewayUnreachable:
            assert not sent
        assert len(system.gateway.submissions) == sent
