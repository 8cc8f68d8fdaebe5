"""The relay door: a recorded batch of the stream in, Lambda's answer for partial batches out."""

from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from relay.app import relayed
from tests.fakes import samples
from tests.fakes.clock import START
from tests.payments.assembled import PaymentSystem
from tests.recorded_events import KEY, recorded


@pytest.fixture
def system() -> PaymentSystem:
    return PaymentSystem()


@pytest.fixture
def payment(system: PaymentSystem) -> Payment:
    """The recorded payment, as the charge function left it."""
    claim = samples.payment(key=KEY)
    system.ledger.claim(claim, None)
    return system.ledger.save(
        claim, claim.transition_to(Status.SUCCEEDED, at=START, source="answer", evidence={"gateway_status": "SUCCESS"})
    )


def respond(system: PaymentSystem, event: dict[str, Any]) -> object:
    return relayed(event, system.relay, lambda: 60.0)


def test_the_recorded_batch_is_published(system: PaymentSystem, payment: Payment) -> None:
    assert respond(system, recorded("stream")) == {"batchItemFailures": []}
    assert system.bus.ids() == [f"{payment.id}:1", f"{payment.id}:2"]


def test_the_answer_names_the_place_of_the_first_record_that_is_left(system: PaymentSystem, payment: Payment) -> None:
    system.bus.takes = 0
    event = recorded("stream")
    expected = event["Records"][0]["dynamodb"]["SequenceNumber"]
    assert event["Records"][0]["dynamodb"]["Keys"]["pk"]["S"] == payment.id
    assert respond(system, event) == {"batchItemFailures": [{"itemIdentifier": expected}]}


def test_what_is_no_record_fails_the_batch(system: PaymentSystem) -> None:
    """Lambda then delivers it again in halves, and puts it aside."""
    with pytest.raises(KeyError):
        respond(system, {"Records": [{"eventName": "MODIFY"}]})
