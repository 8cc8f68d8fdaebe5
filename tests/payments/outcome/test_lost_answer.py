"""A write took effect, its answer was lost, and the repeat loses the race to it: its signals are noted all the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from payments.ledger.payments import DynamoLedger
from payments.model.status import Status
from tests.fakes import samples
from tests.payments.assembled import PaymentSystem
from tests.payments.ledger import tables
from tests.payments.ledger.failing_table import LosingClient

LOST = ReadTimeoutError(endpoint_url="https://dynamodb.example")
Table = tuple[LosingClient, PaymentSystem]


class OneForAll(DynamoLedger):
    """The ledger of every process."""

    @property
    def announcing(self) -> DynamoLedger:
        return self


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with tables.on_moto() as client:
        yield client


@pytest.fixture
def table(client: Any) -> Iterator[Table]:
    with tables.made(client) as name:
        losing = LosingClient(client)
        yield losing, PaymentSystem(ledger=OneForAll(losing, name, lambda _: None))  # type: ignore[arg-type]


def test_the_alarm_of_a_late_success(table: Table) -> None:
    """With the policy `alarm` it is all that calls a person. The clock has microseconds, the table has not."""
    client, system = table
    payment = system.charging.cancel(system.charge().payment, samples.CALLER)
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.clock.forward(microseconds=1234)
    client.losses = [LOST]
    system.webhook(payment)
    assert system.reload(payment).status is Status.SUCCEEDED
    assert system.telemetry.signals.count("late_success") == 1


def test_the_review_of_a_mismatch(table: Table) -> None:
    client, system = table
    payment = system.charge().payment
    system.gateway.answers[payment.wire_order_id] = samples.transaction("SUCCESS", amount=payment.money.amount + 1)
    client.losses = [LOST]
    system.webhook(payment)
    assert system.reload(payment).status is Status.NEEDS_REVIEW
    assert system.telemetry.signals.count("payment_needs_review") == 1


def test_what_another_process_wrote_is_noted_by_that_process(table: Table) -> None:
    _, system = table
    payment = system.charge().payment
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.webhook(payment)
    system.clock.forward(seconds=1)
    system.refresh(payment)
    assert system.telemetry.signals.count("payment_succeeded") == 1
