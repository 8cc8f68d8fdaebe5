"""What a refund leaves in the history and in the log: the facts with which a person or an auditor follows the money."""

from dataclasses import replace

import pytest

from payments.errors import GatewayUnreachable, IdempotencyKeyReused
from payments.model.follow_up import MIN_SEND_SECONDS
from payments.model.history import SUSPICIOUS, Entry, Failure, FieldError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import AlreadyChargedBack, CredentialsRefused, GatewayError, NoAnswer, NotSent, Refused
from tests.fakes import samples
from tests.fakes.gateway import BankCharge, Refunds
from tests.payments.assembled import PaymentSystem
from tests.payments.refunding.refund_cases import not_refundable

WRONG = FieldError("reason", "too_long", "at most 100")


def after_refusal(system: PaymentSystem, paid: Payment, error: Refused) -> Payment:
    system.gateway.script_refunds(Refunds(done=False, error=error))
    return system.refund(paid).payment


class TestRefused:
    def test_the_history_has_the_cause_and_the_refused_fields(self, system: PaymentSystem, paid: Payment) -> None:
        after = after_refusal(system, paid, Refused("no", (WRONG,)))

        assert after.refund_attempt is not None
        assert after.refund_attempt.failure == Failure("refund_refused", "no", (WRONG,))
        assert after.history[-1].evidence == {"refused": "invalid", "failure": "refund_refused"}

    def test_refused_keys_are_another_cause(self, system: PaymentSystem, paid: Payment) -> None:
        after = after_refusal(system, paid, CredentialsRefused("wrong key"))

        assert after.history[-1].evidence == {"refused": "key", "failure": "gateway_credentials"}

    @pytest.mark.parametrize("shown", [True, False], ids=["in the status too", "only in the refusal"])
    def test_a_chargeback_is_another_cause(self, system: PaymentSystem, paid: Payment, *, shown: bool) -> None:
        system.gateway.charges[0].charged_back = shown
        after = after_refusal(system, paid, AlreadyChargedBack("charged back"))

        assert after.history[-1].evidence == {"refused": "charged_back", "failure": "already_charged_back"}

    def test_a_chargeback_that_only_the_status_shows_is_the_cause_too(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        system.gateway.charges[0].charged_back = True
        after = after_refusal(system, paid, Refused("no"))

        assert after.history[-1].evidence == {"refused": "charged_back", "failure": "already_charged_back"}


class TestWhoAsked:
    def test_each_entry_of_a_refund_names_the_caller(self, system: PaymentSystem, paid: Payment) -> None:
        new = system.refund(paid).payment.history[paid.version :]

        assert [(entry.name, entry.principal) for entry in new] == [
            ("refund_requested", samples.CALLER),
            ("refunded", samples.CALLER),
        ]

    def test_the_attempt_names_the_caller(self, system: PaymentSystem, paid: Payment) -> None:
        attempt = system.refund(paid).payment.refund_attempt

        assert attempt is not None
        assert attempt.principal == samples.CALLER

    def test_what_the_status_shows_after_a_refusal_names_the_caller(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.charges[0].charged_back = True
        new = after_refusal(system, paid, AlreadyChargedBack("charged back")).history[paid.version :]

        assert [entry.name for entry in new] == ["refund_requested", "charged_back", "refund_failed"]
        assert {entry.principal for entry in new} == {samples.CALLER}

    def test_log_lines_name_payment_order_and_transaction(self, system: PaymentSystem, paid: Payment) -> None:
        system.telemetry.subjects.clear()
        system.refund(paid)

        assert system.telemetry.subjects[0] == (paid.id, paid.order_id, paid.transaction_id)


class TestInDoubt:
    def test_the_log_says_why(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.script_refunds(Refunds(done=False, error=NoAnswer("the connection was reset")))
        system.refund(paid)

        assert system.telemetry.facts_of("refund_in_doubt")[-1]["why"] == "the connection was reset"

    def test_the_log_says_that_there_was_no_status_either(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.script_statuses(NoAnswer("timeout"))
        after_refusal(system, paid, Refused("no"))

        assert system.telemetry.facts_of("refund_in_doubt")[-1]["why"] == "refused, and no status (NoAnswer)"

    def test_the_log_says_that_the_status_does_not_decide(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.script_statuses(samples.transaction("PENDING"))
        after_refusal(system, paid, Refused("no"))

        (facts,) = system.telemetry.facts_of("refund_in_doubt")
        assert facts["why"] == "refused, and its status does not say that there was no refund"


@pytest.mark.parametrize(
    "error", [NotSent("reset"), NoAnswer("reset"), CredentialsRefused("no")], ids=lambda e: type(e).__name__
)
def test_a_refund_that_is_seen_meanwhile_is_never_undone(
    system: PaymentSystem, paid: Payment, error: GatewayError
) -> None:
    """Otherwise another refund would be allowed: the money would go back twice."""

    def seen_meanwhile(charge: BankCharge) -> None:
        charge.refunded = True
        system.refresh(paid)

    system.gateway.before_refund_answer = seen_meanwhile
    system.gateway.script_refunds(Refunds(done=False, error=error))
    try:
        system.refund(paid)
    except GatewayUnreachable:
        assert isinstance(error, NotSent)

    after = system.reload(paid)
    assert (after.refund.status, after.history[-1].name) == ("refunded", "refunded")
    assert after.refund_attempt is not None
    assert after.refund_attempt.answered is None


class TestNotBegun:
    def test_a_gateway_out_of_reach_records_nothing(self, system: PaymentSystem, paid: Payment) -> None:
        system.gateway.unready = NotSent("circuit open")

        with pytest.raises(GatewayUnreachable, match=r"^the gateway is out of reach; nothing was recorded or sent$"):
            system.refund(paid)
        assert system.reload(paid) == paid

    def test_a_reused_key_is_named(self, system: PaymentSystem, paid: Payment) -> None:
        system.refund(paid)

        with pytest.raises(IdempotencyKeyReused, match=r"^this idempotency key was used for another request$"):
            system.refund(paid, samples.refund_request(reason="another"))

    @pytest.mark.parametrize(("seconds", "sent"), [(MIN_SEND_SECONDS, 1), (MIN_SEND_SECONDS - 0.001, 0)])
    def test_a_refund_is_sent_only_with_enough_time_for_its_answer(
        self, system: PaymentSystem, paid: Payment, seconds: float, sent: int
    ) -> None:
        try:
            system.refunding.refund(paid, samples.refund_request(), seconds)
        except GatewayUnreachable:
            assert not sent
        assert len(system.gateway.refund_posts) == sent

    def test_a_payment_in_review_for_another_reason_is_not_paid(self, system: PaymentSystem, paid: Payment) -> None:
        """Its failure decides, and not the review alone."""
        failure = Failure("amount_drift", "another amount")
        in_review = replace(
            paid,
            status=Status.NEEDS_REVIEW,
            failure=failure,
            history=(
                *paid.history,
                replace(paid.history[-1], name="needs_review", previous_status=Status.SUCCEEDED, failure=failure),
            ),
        )
        system.ledger.save(paid, in_review)

        assert not_refundable(system, paid) == "not_succeeded"

    def test_an_old_mark_of_suspicion_does_not_make_a_failed_payment_paid(
        self, system: PaymentSystem, paid: Payment
    ) -> None:
        last: Entry = replace(paid.history[-1], name="needs_review", previous_status=Status.SUCCEEDED)
        failed = replace(
            paid, status=Status.FAILED, failure=Failure(SUSPICIOUS, "suspicious"), history=(*paid.history, last)
        )
        system.ledger.save(paid, failed)

        assert not_refundable(system, paid) == "not_succeeded"
