"""Settling: three witnesses, one door; whoever comes late, twice or second decides again on what stands there."""

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


def heard(
    system: PaymentSystem, payment: Payment, transaction: GatewayTransaction, source: Source = "status"
) -> Payment:
    """The payment after a report, which is also what stands in the ledger."""
    settled = record(payment, transaction, source, system.ledger, system.clock, system.telemetry)
    assert settled == system.reload(payment)
    return settled


@pytest.fixture
def claimed(system: PaymentSystem) -> Payment:
    payment = samples.payment()
    system.ledger.claim(payment, None)
    return payment


def brought_to(system: PaymentSystem, payment: Payment, status: Status) -> Payment:
    """The payment in that status, by the shortest way there is."""
    if status is Status.PROCESSING:
        return payment
    if status is Status.NEEDS_REVIEW:
        return system.ledger.save(payment, payment.transition_to(status, at=START, source="status", evidence={}))
    return heard(system, payment, samples.transaction(WORDS[status]))


@pytest.mark.parametrize("said", WORDS)
@pytest.mark.parametrize("status", Status)
def test_the_table_alone_decides_what_a_report_changes(
    system: PaymentSystem, claimed: Payment, status: Status, said: Status
) -> None:
    before = brought_to(system, claimed, status)
    after = heard(system, before, samples.transaction(WORDS[said]))
    assert after.status is (said if said in TRANSITIONS[status] else status)
    assert after.version == before.version + (said in TRANSITIONS[status])


@pytest.mark.parametrize("status", WORDS)
def test_a_repeat_changes_nothing(system: PaymentSystem, claimed: Payment, status: Status) -> None:
    once = heard(system, brought_to(system, claimed, status), samples.transaction(WORDS[status]))
    assert heard(system, once, samples.transaction(WORDS[status])) == once


def test_an_entry_says_what_it_rests_on(system: PaymentSystem, claimed: Payment) -> None:
    system.clock.now = LATE
    entry = heard(system, claimed, samples.transaction("SUCCESS"), "webhook").history[-1]
    assert (entry.at, entry.source, entry.evidence) == (
        LATE,
        "webhook",
        {"gateway_status": "SUCCESS", "transaction_id": samples.TRANSACTION_ID},
    )


@pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
def test_money_that_moved_after_all_is_recorded_and_alarmed(
    system: PaymentSystem, claimed: Payment, status: Status
) -> None:
    failed = brought_to(system, claimed, status)
    assert heard(system, failed, samples.transaction("SUCCESS")).status is Status.SUCCEEDED
    assert "late_success" in system.telemetry.signals


WRONG: dict[str, Any] = {
    "amount": Decimal(101),
    "currency": "EUR",
    "order_id": "another",
    "transaction_id": "PA0000000000000002",
}


@pytest.mark.parametrize("fact", WRONG)
@pytest.mark.parametrize("status", sorted(OPEN - {Status.PROCESSING}))
@pytest.mark.parametrize("said", ["SUCCESS", "FAILED", "REDIRECT", "SOMETHING NEW"])
def test_a_report_that_contradicts_the_payment_goes_to_a_human(
    system: PaymentSystem, claimed: Payment, said: str, status: Status, fact: str
) -> None:
    payment = heard(system, brought_to(system, claimed, status), samples.transaction(said, **{fact: WRONG[fact]}))
    assert payment.status is Status.NEEDS_REVIEW
    assert payment.history[-1].evidence["mismatch"] == fact
    assert system.telemetry.facts_of("integrity_mismatch") == [{"payment_id": payment.id, "field": fact}]
    # ... who alone can say what is right: no later message ends it.
    for word in ("SUCCESS", "FAILED"):
        assert heard(system, payment, samples.transaction(word)) == payment


@pytest.mark.parametrize("fact", WRONG)
def test_a_contradiction_after_the_money_moved_changes_nothing_and_is_alarmed(
    system: PaymentSystem, claimed: Payment, fact: str
) -> None:
    paid = brought_to(system, claimed, Status.SUCCEEDED)
    assert heard(system, paid, samples.transaction("FAILED", **{fact: WRONG[fact]})) == paid
    assert "integrity_mismatch" in system.telemetry.signals


@pytest.mark.parametrize("fact", WRONG)
@pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
def test_a_success_that_contradicts_a_failed_payment_goes_to_a_human(
    system: PaymentSystem, claimed: Payment, status: Status, fact: str
) -> None:
    failed = brought_to(system, claimed, status)
    assert heard(system, failed, samples.transaction("FAILED", **{fact: WRONG[fact]})) == failed
    assert heard(system, failed, samples.transaction("SUCCESS", **{fact: WRONG[fact]})).status is Status.NEEDS_REVIEW


def test_refund_and_chargeback_are_facts_beside_the_status(system: PaymentSystem, claimed: Payment) -> None:
    transaction = samples.transaction("SUCCESS", refunded=True, refunded_at=LATE, charged_back=True)
    payment = heard(system, claimed, transaction)
    assert [entry.name for entry in payment.history] == ["processing", "succeeded", "refunded", "charged_back"]
    assert payment.status is Status.SUCCEEDED
    assert (payment.refund.refunded_at, payment.chargeback.charged_back_at) == (LATE, START)
    assert heard(system, payment, transaction) == payment


class LeaseLost(InMemoryLedger):
    """Right before each of our writes, somebody else writes."""

    def __init__(self, *others: Callable[[Payment], Payment]) -> None:
        super().__init__()
        self.others: Iterator[Callable[[Payment], Payment]] = iter(others)

    def save(self, before: Payment, after: Payment) -> Payment:
        """As always, but second."""
        other, standing = next(self.others, None), self.get(before.id)
        if other is not None and standing is not None:
            super().save(standing, other(standing))
        return super().save(before, after)


def by_another(status: Status) -> Callable[[Payment], Payment]:
    """Another witness's news."""
    return lambda payment: payment.transition_to(
        status, at=START, source="webhook", evidence={}, transaction_id=samples.TRANSACTION_ID
    )


@pytest.mark.parametrize(
    ("others", "said", "ends"),
    [
        ([Status.SUCCEEDED], "REDIRECT", [Status.SUCCEEDED]),
        ([Status.SUCCEEDED], "SUCCESS", [Status.SUCCEEDED]),
        ([Status.SUCCEEDED], "FAILED", [Status.SUCCEEDED]),
        ([Status.FAILED], "SUCCESS", [Status.FAILED, Status.SUCCEEDED]),
        ([Status.REQUIRES_ACTION], "SUCCESS", [Status.REQUIRES_ACTION, Status.SUCCEEDED]),
        ([Status.REQUIRES_ACTION], "REDIRECT", [Status.REQUIRES_ACTION]),
        (
            [Status.PENDING, Status.REQUIRES_ACTION, Status.PENDING],
            "SUCCESS",
            [Status.PENDING, Status.REQUIRES_ACTION, Status.PENDING, Status.SUCCEEDED],
        ),
    ],
)
def test_whoever_was_overtaken_decides_again(others: list[Status], said: str, ends: list[Status]) -> None:
    system = PaymentSystem(ledger=LeaseLost(*map(by_another, others)))
    payment = samples.payment()
    system.ledger.claim(payment, None)
    settled = heard(system, payment, samples.transaction(said))
    assert [entry.status for entry in settled.history] == [Status.PROCESSING, *ends]
    assert [entry.sequence for entry in settled.history] == list(range(1, len(ends) + 2))


def test_only_what_was_written_is_told(system: PaymentSystem, claimed: Payment) -> None:
    heard(system, claimed, samples.transaction("SUCCESS"))
    heard(system, claimed, samples.transaction("SUCCESS"))
    assert system.telemetry.signals == ["payment_succeeded"]
