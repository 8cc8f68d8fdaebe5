"""Records outcomes from every source: late, repeated and concurrent ones are decided on the current payment."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from payments.model.gateway_transaction import GatewayTransaction
from payments.model.history import Source
from payments.model.payment import Payment
from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status
from payments.outcome.record import record
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem

WORDS = {
    Status.SUCCEEDED: "SUCCESS",
    Status.FAILED: "FAILED",
    Status.BLOCKED: "BLOCKED",
    Status.ABANDONED: "ABANDONED",
    Status.REQUIRES_ACTION: "REDIRECT",
    Status.PENDING: "PENDING",
    Status.PROCESSING: "INIT",
}
LATE = START + timedelta(hours=2)


def recorded(
    system: PaymentSystem, payment: Payment, transaction: GatewayTransaction, source: Source = "status"
) -> Payment:
    """The payment after a transaction; the ledger has the same."""
    after = record(payment, transaction, source, system.ledger, system.clock, system.telemetry)
    assert after == system.reload(payment)
    return after


@pytest.fixture
def claimed(system: PaymentSystem) -> Payment:
    payment = samples.payment()
    system.ledger.claim(payment, None)
    return payment


def brought_to(system: PaymentSystem, payment: Payment, status: Status) -> Payment:
    """The payment in that status, by the fewest transitions."""
    if status is Status.PROCESSING:
        return payment
    if status is Status.NEEDS_REVIEW:
        return system.ledger.save(payment, payment.transition_to(status, at=START, source="status", evidence={}))
    return recorded(system, payment, samples.transaction(WORDS[status]))


@pytest.mark.parametrize("raw_status", WORDS)
@pytest.mark.parametrize("status", Status)
def test_only_the_transition_table_decides_the_next_status(
    system: PaymentSystem, claimed: Payment, status: Status, raw_status: Status
) -> None:
    before = brought_to(system, claimed, status)
    after = recorded(system, before, samples.transaction(WORDS[raw_status]))
    assert after.status is (raw_status if raw_status in TRANSITIONS[status] else status)
    assert after.version == before.version + (raw_status in TRANSITIONS[status])


@pytest.mark.parametrize("status", WORDS)
def test_a_repeated_transaction_changes_nothing(system: PaymentSystem, claimed: Payment, status: Status) -> None:
    once = recorded(system, brought_to(system, claimed, status), samples.transaction(WORDS[status]))
    assert recorded(system, once, samples.transaction(WORDS[status])) == once


def test_an_entry_has_its_evidence(system: PaymentSystem, claimed: Payment) -> None:
    system.clock.now = LATE
    entry = recorded(system, claimed, samples.transaction("SUCCESS"), "webhook").history[-1]
    assert (entry.at, entry.source, entry.evidence) == (
        LATE,
        "webhook",
        {"gateway_status": "SUCCESS", "transaction_id": samples.TRANSACTION_ID},
    )


@pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
def test_a_late_success_is_recorded_and_signalled(system: PaymentSystem, claimed: Payment, status: Status) -> None:
    failed = brought_to(system, claimed, status)
    assert recorded(system, failed, samples.transaction("SUCCESS")).status is Status.SUCCEEDED
    assert "late_success" in system.telemetry.signals


WRONG: dict[str, Any] = {
    "amount": Decimal(101),
    "currency": "EUR",
    "order_id": "another",
    "transaction_id": "PA0000000000000002",
}


@pytest.mark.parametrize("fact", WRONG)
@pytest.mark.parametrize("status", sorted(OPEN - {Status.PROCESSING}))
@pytest.mark.parametrize("raw_status", ["SUCCESS", "FAILED", "REDIRECT", "SOMETHING NEW"])
def test_a_mismatch_puts_the_payment_into_review(
    system: PaymentSystem, claimed: Payment, raw_status: str, status: Status, fact: str
) -> None:
    payment = recorded(
        system, brought_to(system, claimed, status), samples.transaction(raw_status, **{fact: WRONG[fact]})
    )
    assert payment.status is Status.NEEDS_REVIEW
    assert payment.history[-1].evidence["mismatch"] == fact
    assert system.telemetry.facts_of("integrity_mismatch") == [{"payment_id": payment.id, "field": fact}]
    # Only a person ends the review: no later transaction does.
    for word in ("SUCCESS", "FAILED"):
        assert recorded(system, payment, samples.transaction(word)) == payment


@pytest.mark.parametrize("fact", WRONG)
def test_a_mismatch_after_success_changes_nothing_and_is_signalled(
    system: PaymentSystem, claimed: Payment, fact: str
) -> None:
    paid = brought_to(system, claimed, Status.SUCCEEDED)
    assert recorded(system, paid, samples.transaction("FAILED", **{fact: WRONG[fact]})) == paid
    assert "integrity_mismatch" in system.telemetry.signals


@pytest.mark.parametrize("fact", WRONG)
@pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
def test_a_late_success_with_a_mismatch_needs_review(
    system: PaymentSystem, claimed: Payment, status: Status, fact: str
) -> None:
    failed = brought_to(system, claimed, status)
    assert recorded(system, failed, samples.transaction("FAILED", **{fact: WRONG[fact]})) == failed
    assert recorded(system, failed, samples.transaction("SUCCESS", **{fact: WRONG[fact]})).status is Status.NEEDS_REVIEW


def test_refund_and_chargeback_are_facts_beside_the_status(system: PaymentSystem, claimed: Payment) -> None:
    transaction = samples.transaction("SUCCESS", refunded=True, refunded_at=LATE, charged_back=True)
    payment = recorded(system, claimed, transaction)
    assert [entry.name for entry in payment.history] == ["processing", "succeeded", "refunded", "charged_back"]
    assert payment.status is Status.SUCCEEDED
    assert (payment.refund.refunded_at, payment.chargeback.charged_back_at) == (LATE, START)
    assert recorded(system, payment, transaction) == payment


class OvertakenLedger(InMemoryLedger):
    """A ledger with another writer: it writes right before each of our writes."""

    def __init__(self, *others: Callable[[Payment], Payment]) -> None:
        super().__init__()
        self.others: Iterator[Callable[[Payment], Payment]] = iter(others)

    def save(self, before: Payment, after: Payment) -> Payment:
        """See `OutcomeLedger.save`."""
        other, current = next(self.others, None), self.get(before.id)
        if other is not None and current is not None:
            super().save(current, other(current))
        return super().save(before, after)


def by_another(status: Status) -> Callable[[Payment], Payment]:
    """A change by a webhook."""
    return lambda payment: payment.transition_to(
        status, at=START, source="webhook", evidence={}, transaction_id=samples.TRANSACTION_ID
    )


@pytest.mark.parametrize(
    ("others", "raw_status", "ends"),
    [
        ([Status.SUCCEEDED], "REDIRECT", [Status.SUCCEEDED]),
        ([Status.SUCCEEDED], "SUCCESS", [Status.SUCCEEDED]),
        ([Status.SUCCEEDED], "FAILED", [Status.SUCCEEDED]),
        ([Status.FAILED], "SUCCESS", [Status.FAILED, Status.SUCCEEDED]),
        ([Status.REQUIRES_ACTION], "SUCCESS", [Status.REQUIRES_ACTION, Status.SUCCEEDED]),
        ([Status.REQUIRES_ACTION], "REDIRECT", [Status.REQUIRES_ACTION, Status.REQUIRES_ACTION]),  # it brings the page
        (
            [Status.PENDING, Status.REQUIRES_ACTION, Status.PENDING],
            "SUCCESS",
            [Status.PENDING, Status.REQUIRES_ACTION, Status.PENDING, Status.SUCCEEDED],
        ),
    ],
)
def test_after_a_lost_race_the_change_is_decided_again(
    others: list[Status], raw_status: str, ends: list[Status]
) -> None:
    system = PaymentSystem(ledger=OvertakenLedger(*map(by_another, others)))
    payment = samples.payment()
    system.ledger.claim(payment, None)
    after = recorded(system, payment, samples.transaction(raw_status))
    assert [entry.status for entry in after.history] == [Status.PROCESSING, *ends]
    assert [entry.sequence for entry in after.history] == list(range(1, len(ends) + 2))


def test_only_written_entries_are_signalled(system: PaymentSystem, claimed: Payment) -> None:
    recorded(system, claimed, samples.transaction("SUCCESS"))
    recorded(system, claimed, samples.transaction("SUCCESS"))
    assert system.telemetry.signals == ["payment_succeeded"]
