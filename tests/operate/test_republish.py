"""Events published again: the chosen ones, unchanged but marked. Unpublished events are left to the follow-up."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from operate.republish.__main__ import options
from operate.republish.replay import CountingBus, Republished, republish_events
from operate.republish.selection import of_day, of_payment
from payments.events.event import published, unpublished
from payments.ledger.payments import DynamoLedger
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.bus import RecordingBus
from tests.fakes.clock import START
from tests.payments.ledger import tables

TODAY, TOMORROW = START.date(), START.date() + timedelta(days=1)


@dataclass(frozen=True)
class Table:
    client: Any
    name: str

    def store(self, payment: Payment, published: int) -> Payment:
        """Stores a payment with its order and its history, of which `published` entries are published."""
        ledger, claimed = DynamoLedger(self.client, self.name), replace(payment, history=payment.history[:1])
        order = ledger.order(payment.order_id, live=payment.live) if payment.order_id else None
        assert ledger.claim(replace(claimed, status=Status.PROCESSING), order) is None
        saved = ledger.save(replace(claimed, status=Status.PROCESSING), payment) if payment.version > 1 else payment
        ledger.advance(saved, published)
        return saved


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("dynamodb", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def table(client: Any) -> Iterator[Table]:
    with tables.made(client) as name:
        yield Table(client, name)


def paid(key: str, **changes: Any) -> Payment:
    """A payment that is claimed today and paid tomorrow."""
    return samples.payment(key=key, order_id=f"order-{key}", **changes).transition_to(
        Status.SUCCEEDED, at=START + timedelta(days=1), source="status", evidence={}, transaction_id="PA1"
    )


def ids(found: Iterator[tuple[Any, ...]]) -> set[str]:
    return {event.detail["metadata"]["event_id"] for events in found for event in events}


class TestSelection:
    def test_a_payment_has_its_published_events(self, table: Table) -> None:
        payment = table.store(paid("one"), published=1)

        assert ids(of_payment(table.client, table.name, payment.id)) == {f"{payment.id}:1"}
        assert list(of_payment(table.client, table.name, "pay_" + "a" * 26)) == []

    def test_a_day_has_the_events_of_that_day(self, table: Table) -> None:
        one, two = table.store(paid("one"), published=2), table.store(paid("two"), published=2)

        assert ids(of_day(table.client, table.name, TODAY)) == {f"{one.id}:1", f"{two.id}:1"}
        assert ids(of_day(table.client, table.name, TOMORROW)) == {f"{one.id}:2", f"{two.id}:2"}
        assert ids(of_day(table.client, table.name, TODAY - timedelta(days=1))) == set()

    def test_a_day_ends_at_midnight_in_utc(self, table: Table) -> None:
        late = table.store(samples.payment(key="late", at=START.replace(hour=23, minute=59, second=59)), published=1)
        table.store(
            samples.payment(key="early", order_id="early", at=START.replace(hour=0, minute=0) + timedelta(days=1)),
            published=1,
        )

        assert ids(of_day(table.client, table.name, TODAY)) == {f"{late.id}:1"}


class TestReplay:
    def test_a_republished_event_is_the_same_event_marked(self) -> None:
        payment, bus = replace(paid("one"), published=2), RecordingBus()

        assert republish_events([published(payment)], bus) == Republished(payments=1, events=2)
        assert [event.detail["metadata"].pop("replayed") for event in bus.events] == [True, True]
        assert tuple(bus.events) == unpublished(replace(payment, published=0))

    def test_refused_events_are_counted_and_the_next_payment_is_published(self) -> None:
        payments = [published(replace(paid(key), published=2)) for key in ("one", "two")]

        assert republish_events(payments, RecordingBus(takes=1)) == Republished(payments=2, events=2, refused=2)

    def test_a_dry_run_publishes_nothing(self) -> None:
        assert republish_events([published(replace(paid("one"), published=2))], CountingBus()) == Republished(1, 2, 0)


class TestOptions:
    def test_name_a_payment_or_a_day(self) -> None:
        assert options(["--day", "2026-11-22"]).day == date(2026, 11, 22)
        assert options(["--payment", "pay_" + "a" * 26]).payment == "pay_" + "a" * 26

    @pytest.mark.parametrize(
        "wrong", [[], ["--day", "yesterday"], ["--payment", "order#1"], ["--day", "2026-11-22", "--payment", "pay_"]]
    )
    def test_are_refused_when_they_name_neither(self, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            options(wrong)
        assert "usage" in capsys.readouterr().err
