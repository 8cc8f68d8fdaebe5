"""An operator's decision: recorded once, published like every other entry, and only where a decision is needed."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from operate.decide.__main__ import options
from operate.decide.decision import CHOICES, MAX_SENDING_TIME, REFUND_FAILED, REFUNDED, NotDecidable, decide
from payments.events.event import unpublished
from payments.ledger.payments import DynamoLedger
from payments.model import refund as refunds
from payments.model.follow_up import LEFT_TO_RELAY, RefundAttempt
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import superseded
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.ledger import tables

WHY = "back office, ticket 4711"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def ledger(client: Any) -> Iterator[DynamoLedger]:
    with tables.made(client) as table:
        yield DynamoLedger(client, table)


@pytest.fixture
def in_review(ledger: DynamoLedger) -> Payment:
    claimed = samples.payment()
    assert ledger.claim(claimed, None) is None
    failure = Failure("integrity_mismatch", "not as it was sent: amount")
    return ledger.save(
        claimed, claimed.transition_to(Status.NEEDS_REVIEW, at=START, source="answer", evidence={}, failure=failure)
    )


def test_success_of_a_cancelled_payment_makes_its_refund_due(ledger: DynamoLedger, in_review: Payment) -> None:
    waiting = replace(samples.payment(), id="pay_2", status=Status.REQUIRES_ACTION, transaction_id="PA1")
    cancelled = superseded(waiting, None, START, refund_if_paid=True)
    failure = Failure("unresolved", "no verdict")
    review = cancelled.transition_to(Status.NEEDS_REVIEW, at=START, source="status", evidence={}, failure=failure)
    assert ledger.claim(replace(review, order_id=None), None) is None

    for payment_id, asked_at in (("pay_2", START), (in_review.id, None)):
        decided = decide(ledger, payment_id, "succeeded", who="ada", why=WHY, at=START)
        stored = ledger.get(payment_id)
        assert stored is not None
        assert (decided.follow_up.ask_at, stored.follow_up.ask_at) == (asked_at, asked_at)


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice in set(Status)])
def test_a_decision_is_the_next_entry_and_due_to_be_published(
    ledger: DynamoLedger, in_review: Payment, choice: str
) -> None:
    decide(ledger, in_review.id, choice, who="ada", why=WHY, at=START)

    stored = ledger.get(in_review.id)
    assert stored is not None
    entry = stored.history[-1]
    assert (stored.status, entry.source, entry.evidence) == (choice, "operator", {"who": "ada", "why": WHY})
    assert stored.follow_up.announcer == "relay"
    assert stored.follow_up.due_at == START + LEFT_TO_RELAY
    assert unpublished(stored)[-1].type == f"payment.{choice}"
    assert WHY not in str(unpublished(stored)), "the reason is not published"


def test_an_order_can_be_charged_again_after_its_payment_is_decided_as_failed(
    ledger: DynamoLedger, in_review: Payment
) -> None:
    decide(ledger, in_review.id, Status.FAILED, who="ada", why=WHY, at=START)
    second = samples.payment(key="second", attempt=2)
    assert ledger.claim(second, ledger.order(samples.ORDER_ID, live=False)) is None


def test_a_payment_that_is_not_in_review_cannot_be_decided(ledger: DynamoLedger) -> None:
    claimed = samples.payment()
    ledger.claim(claimed, None)
    with pytest.raises(NotDecidable, match="is processing"):
        decide(ledger, claimed.id, Status.SUCCEEDED, who="ada", why=WHY, at=START)


def test_an_unknown_payment_is_reported_as_missing(ledger: DynamoLedger) -> None:
    with pytest.raises(NotDecidable, match="there is no payment"):
        decide(ledger, "pay_" + "a" * 26, Status.FAILED, who="ada", why=WHY, at=START)


def test_the_second_of_two_decisions_is_refused(ledger: DynamoLedger, in_review: Payment) -> None:
    decide(ledger, in_review.id, Status.SUCCEEDED, who="ada", why=WHY, at=START)
    with pytest.raises(NotDecidable, match="is succeeded"):
        decide(ledger, in_review.id, Status.FAILED, who="eve", why=WHY, at=START)


@pytest.mark.parametrize(("choice", "status"), [(REFUNDED, "refunded"), (REFUND_FAILED, "failed")])
def test_a_requested_refund_can_be_decided_and_is_no_longer_followed_up(
    ledger: DynamoLedger, in_review: Payment, choice: str, status: str
) -> None:
    paid = decide(ledger, in_review.id, Status.SUCCEEDED, who="ada", why=WHY, at=START)
    asked = ledger.save(paid, refunds.requested(paid, RefundAttempt("rf_1", "n", START), "f"))

    decided = decide(ledger, asked.id, choice, who="ada", why=WHY, at=START + MAX_SENDING_TIME)

    assert (decided.status, decided.refund.status) == (Status.SUCCEEDED, status)
    assert (decided.history[-1].source, decided.follow_up.ask_at) == ("operator", None)
    assert unpublished(decided)[-1].type == f"payment.{'refunded' if choice == REFUNDED else choice}"


def test_a_refund_that_may_still_be_sent_cannot_be_decided_as_failed(ledger: DynamoLedger, in_review: Payment) -> None:
    paid = decide(ledger, in_review.id, Status.SUCCEEDED, who="ada", why=WHY, at=START)
    ledger.save(paid, refunds.requested(paid, RefundAttempt("rf_1", "n", START), "f"))
    with pytest.raises(NotDecidable, match="still be on its way"):
        decide(ledger, in_review.id, REFUND_FAILED, who="ada", why=WHY, at=START + MAX_SENDING_TIME / 2)


@pytest.mark.parametrize("choice", [REFUNDED, REFUND_FAILED])
def test_a_refund_that_was_not_requested_cannot_be_decided(
    ledger: DynamoLedger, in_review: Payment, choice: str
) -> None:
    with pytest.raises(NotDecidable, match="has refund none"):
        decide(ledger, in_review.id, choice, who="ada", why=WHY, at=START)


@pytest.mark.parametrize("to", ["processing", "needs_review", "requested", ""])
def test_only_a_verdict_can_be_decided(to: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(["--payment", "pay_1", "--to", to, "--because", WHY])
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--because", "--who"])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "give a reason"),
        ("  ", "give a reason"),
        ("card 4111 1111 1111 1111", "no card number"),
        ("411111******1111", "no card number"),
        ("james@example.com says so", "no email address"),
    ],
)
def test_the_reason_and_the_name_may_hold_no_card_number_and_no_email_address(
    option: str, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        options(["--payment", "pay_1", "--to", "failed", "--because", WHY, option, text])
    stderr = capsys.readouterr().err
    assert message in stderr
    assert "4111" not in stderr


def test_a_reason_is_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(["--payment", "pay_1", "--to", "failed"])
    assert "--because" in capsys.readouterr().err
