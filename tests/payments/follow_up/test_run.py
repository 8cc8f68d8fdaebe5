"""What a run reports about itself: the alarms of the follow-up depend on these counts."""

from dataclasses import dataclass, field
from datetime import datetime

import pytest

from payments.follow_up.finish import PaymentFinisher
from payments.follow_up.run import ONE_PAYMENT_SECONDS, RunSummary, run
from payments.model.payment import Payment
from payments.outcome.status_query import MAX_UNANSWERED
from payments.ports.gateway import NoAnswer
from payments.ports.ledger import Due
from tests.fakes import samples
from tests.fakes.gateway import Answers, Fails
from tests.fakes.ledger import InMemoryLedger
from tests.payments.assembled import PaymentSystem, queried

MANY = 3


@dataclass
class TroubledLedger(InMemoryLedger):
    """A ledger with payments that another run has leased, and payments that a bug makes unreadable."""

    leased: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def lease(self, due: Due, until: datetime) -> Payment | None:
        if due.payment_id in self.broken:
            raise KeyError("a bug")
        return None if due.payment_id in self.leased else super().lease(due, until)


@pytest.fixture
def ledger(system: PaymentSystem) -> TroubledLedger:
    troubled = TroubledLedger()
    system.ledger = troubled
    return troubled


def charge(system: PaymentSystem, word: str, answer: Answers | Fails) -> list[str]:
    """The ids of a few payments with that answer."""
    ids = []
    for nth in range(MANY):
        system.gateway.script_charges(answer)
        request = samples.charge_request(idempotency_key=f"{word}-{nth}", order_id=f"{word}-{nth}")
        ids.append(system.charge(request).payment.id)
    return ids


def one_run(system: PaymentSystem, seconds: float = 55.0) -> RunSummary:
    return run(system.finisher, lambda: seconds, system.telemetry)


def test_it_counts_finished_leased_and_broken_payments(system: PaymentSystem, ledger: TroubledLedger) -> None:
    charge(system, "paid", Answers("SUCCESS"))
    ledger.leased = set(charge(system, "leased", Answers("SUCCESS")))
    ledger.broken = set(charge(system, "broken", Answers("SUCCESS")))
    system.clock.forward(minutes=2)

    summary = one_run(system)

    assert (summary.finished, summary.leased_by_others, summary.broken) == (MANY, MANY, MANY)
    assert not summary.out_of_time
    assert system.telemetry.signals.count("unexpected_error") == MANY


def test_log_lines_of_a_query_name_payment_order_and_transaction(system: PaymentSystem) -> None:
    payment = system.charge().payment
    system.telemetry.subjects.clear()
    queried(system.finisher, payment)

    assert system.telemetry.subjects[0] == (payment.id, payment.order_id, payment.transaction_id)
    assert payment.order_id
    assert payment.transaction_id


def test_log_lines_of_a_lease_name_the_payment_at_once_and_then_its_order(system: PaymentSystem) -> None:
    payment = system.charge().payment
    system.clock.forward(minutes=1)
    (due,) = system.ledger.due(system.clock(), 10)
    system.telemetry.subjects.clear()
    system.finisher.lease(due)

    assert system.telemetry.subjects == [
        (payment.id, None, None),
        (payment.id, payment.order_id, payment.transaction_id),
    ]


def test_it_counts_payments_with_a_query(system: PaymentSystem) -> None:
    charge(system, "waiting", Answers("REDIRECT"))
    system.clock.forward(minutes=2)

    assert one_run(system).finished == MANY


def test_a_bug_in_a_query_is_counted(system: PaymentSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    charge(system, "waiting", Answers("REDIRECT"))
    system.clock.forward(minutes=2)

    def bug(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(PaymentFinisher, "ask", bug)

    summary = one_run(system)

    assert (summary.finished, summary.broken) == (0, MANY)


def test_only_queries_in_a_row_without_an_answer_end_the_queries(system: PaymentSystem) -> None:
    """Each answer starts the count again at zero."""
    silent = MAX_UNANSWERED - 1
    for nth in range(2 * silent + 2):
        system.gateway.script_charges(Answers("REDIRECT"))
        system.charge(samples.charge_request(idempotency_key=f"{nth}", order_id=f"order-{nth}"))
    system.clock.forward(minutes=2)
    last = samples.transaction("REDIRECT")
    system.gateway.script_statuses(
        *[NoAnswer("timeout")] * silent, samples.transaction("REDIRECT"), *[NoAnswer("timeout")] * silent, last
    )

    one_run(system)

    assert len(system.gateway.asked) == 2 * silent + 2


@pytest.mark.parametrize(("seconds", "finished"), [(ONE_PAYMENT_SECONDS, 0), (ONE_PAYMENT_SECONDS + 0.001, MANY)])
def test_no_payment_begins_in_the_last_seconds(system: PaymentSystem, seconds: float, finished: int) -> None:
    charge(system, "paid", Answers("SUCCESS"))
    system.clock.forward(minutes=2)

    summary = one_run(system, seconds)

    assert (summary.finished, summary.out_of_time) == (finished, not finished)
