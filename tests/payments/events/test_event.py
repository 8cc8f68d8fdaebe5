"""Events: exactly the documented fields, identical each time they are published, without card or personal data."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from payments.events.event import event_of, unpublished
from payments.model.payment import Payment
from payments.model.timestamps import iso
from payments.outcome.apply import apply
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.samples import transaction
from tests.payments.assembled import PaymentSystem

PAID_AT = START + timedelta(milliseconds=125, microseconds=999)
REFUNDED_AT = datetime(2027, 2, 1, 8, tzinfo=UTC)


@pytest.fixture
def payment() -> Payment:
    """A payment with every kind of entry: claimed, redirected, paid, refunded, charged back."""
    payment = apply(samples.payment(), transaction("REDIRECT"), "answer", START)
    payment = apply(payment, transaction("SUCCESS"), "status", PAID_AT)
    payment = apply(
        payment, transaction("SUCCESS", refunded=True, refunded_at=REFUNDED_AT), "reconciliation", REFUNDED_AT
    )
    return apply(payment, transaction("SUCCESS", charged_back=True), "reconciliation", REFUNDED_AT)


def details(payment: Payment) -> list[Any]:
    return [json.loads(json.dumps(event.detail)) for event in unpublished(payment)]


def test_each_entry_is_one_event_in_order(payment: Payment) -> None:
    assert [event.type for event in unpublished(payment)] == [
        "payment.processing",
        "payment.requires_action",
        "payment.succeeded",
        "payment.refunded",
        "payment.charged_back",
    ]
    assert [detail["metadata"]["sequence"] for detail in details(payment)] == [1, 2, 3, 4, 5]


def test_an_event_has_exactly_the_documented_fields(payment: Payment) -> None:
    assert details(payment)[2] == {
        "metadata": {
            "event_id": f"{payment.id}:3",
            "sequence": 3,
            "schema_version": "1.0",
            "occurred_at": "2027-01-31T09:30:00.125Z",
            "source": "status",
        },
        "data": {
            "payment_id": payment.id,
            "order_id": samples.ORDER_ID,
            "transaction_id": samples.TRANSACTION_ID,
            "status": "succeeded",
            "previous_status": "requires_action",
            "amount": 100,
            "currency": "GBP",
            "live": False,
            "refund": {"status": "none", "refunded_at": None},
            "chargeback": {"status": "none", "charged_back_at": None},
            "failure": None,
        },
    }


def test_the_first_event_has_no_previous_status(payment: Payment) -> None:
    first = details(payment)[0]["data"]

    assert (first["status"], first["previous_status"], first["transaction_id"]) == ("processing", None, None)


def test_a_refund_does_not_change_the_status(payment: Payment) -> None:
    refunded = details(payment)[3]["data"]

    assert (refunded["status"], refunded["previous_status"]) == ("succeeded", "succeeded")
    assert refunded["refund"] == {"status": "refunded", "refunded_at": "2027-02-01T08:00:00.000Z"}
    assert refunded["chargeback"]["status"] == "none"


def test_a_failed_event_has_the_reason() -> None:
    failed = apply(samples.payment(), transaction("FAILED"), "answer", START)

    assert details(failed)[1]["data"]["failure"] == {"code": "declined", "message": "the gateway declined the payment"}


def test_an_event_is_identical_after_later_entries(payment: Payment) -> None:
    for length in range(1, payment.version + 1):
        earlier = replace(
            samples.payment(), history=payment.history[:length], status=payment.history[length - 1].status
        )
        assert details(earlier) == details(payment)[:length]


def test_only_entries_that_are_not_on_the_bus_are_unpublished(payment: Payment) -> None:
    for published in range(payment.version + 1):
        events = unpublished(replace(payment, published=published))
        assert [event.detail["metadata"]["sequence"] for event in events] == list(range(published + 1, 6))


def test_every_event_has_its_payment_and_its_time(payment: Payment) -> None:
    for entry in payment.history:
        event = event_of(payment, entry)
        assert (event.payment_id, event.occurred_at) == (payment.id, entry.at)


def test_no_event_contains_card_or_personal_data(payment: Payment) -> None:
    text = json.dumps(details(payment))

    secrets = [samples.CARD_NUMBER, samples.CVV, "1111", "visa", *samples.shopper().values()]
    assert [secret for secret in secrets if len(secret) > 2 and secret in text] == []


def test_an_event_has_the_shop_s_order_id_and_not_the_wire_order_id() -> None:
    second = samples.payment(attempt=2)

    assert details(second)[0]["data"]["order_id"] == samples.ORDER_ID


def test_each_event_from_the_supersession_on_has_its_time(system: PaymentSystem) -> None:
    """A consumer that acts on the newest event alone must not ship what is superseded."""
    payment = system.charging.cancel(system.charge().payment, samples.CALLER)
    cancelled_at = system.clock()
    system.clock.forward(minutes=5)
    system.gateway.charges[0].raw_status = "SUCCESS"
    system.webhook(payment)

    paid = system.reload(payment)
    events = [event_of(paid, entry) for entry in paid.history]

    assert [event.type for event in events][-2:] == ["payment.superseded", "payment.succeeded"]
    assert [event.detail["data"].get("superseded_at") for event in events][-3:] == [None] + [iso(cancelled_at)] * 2
