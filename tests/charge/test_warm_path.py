"""The warm path of a charge is two DynamoDB calls and one HTTPS request, counted at both ends."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto import mock_aws

from charge.routes import ChargeRoutes
from local.simulator import Credentials, Simulator, running
from payments.charging.charge import Charging
from payments.follow_up.refresh import Refreshing
from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.client import PayAgency
from payments.gateway.credentials import parse_keys
from payments.gateway.envelope import Dialect
from payments.gateway.transport import Transport
from payments.ledger.payments import DynamoLedger
from payments.model.timestamps import utc_now
from payments.refunding.refund import Refunding
from payments.runtime.secret_cache import Secret
from tests.charge.aws_resources import GATEWAY_SECRET, TABLE, TOKEN_SECRET, resources
from tests.fakes.telemetry import RecordingTelemetry
from tests.recorded_events import EVENTS


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running(Credentials.invented("test")) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def calls() -> Counter[str]:
    return Counter()


@pytest.fixture(scope="module")
def clients(calls: Counter[str]) -> Iterator[dict[str, Any]]:
    with mock_aws():
        yield {name: _counted(name, calls) for name in ("dynamodb", "secretsmanager")}


@pytest.fixture
def routes(simulator: Simulator, clients: dict[str, Any], calls: Counter[str]) -> Iterator[ChargeRoutes]:
    with resources(clients["dynamodb"], clients["secretsmanager"], simulator.credentials):
        calls.clear()
        telemetry = RecordingTelemetry()
        keys = Secret(clients["secretsmanager"], GATEWAY_SECRET, partial(parse_keys, mode="test"), utc_now, telemetry)
        transport = Transport(simulator.url)
        gateway = PayAgency(transport, keys, Dialect("minor", "alpha-2"), "test", telemetry, CircuitBreaker(utc_now))
        ledger = DynamoLedger(clients["dynamodb"], TABLE)
        yield ChargeRoutes(
            ledger=ledger,
            charging=Charging(ledger, gateway, utc_now, telemetry, live=False),
            refreshing=Refreshing(ledger, gateway, utc_now, telemetry),
            refunding=Refunding(ledger, gateway, utc_now, telemetry),
            token_key=Secret(clients["secretsmanager"], TOKEN_SECRET, str.encode, utc_now, telemetry),
            clock=utc_now,
            max_amount=1_000_000,
            public_base_url=f"{simulator.url}/nowhere",
        )
        transport._pools.clear()  # closes the connections, which a function keeps


@pytest.mark.parametrize("order", [True, False], ids=["with an order", "without an order"])
def test_a_warm_charge_is_two_dynamodb_calls_and_one_https_request(
    routes: ChargeRoutes, simulator: Simulator, calls: Counter[str], *, order: bool
) -> None:
    assert routes.create(charge_event("cold", order_id="cold-1" if order else None), 20).status == 201
    calls.clear()
    sent = simulator.control.book()["card_requests"]

    assert routes.create(charge_event("warm", order_id="warm-1" if order else None), 20).status == 201

    claim = "dynamodb.TransactWriteItems" if order else "dynamodb.PutItem"
    assert calls == {claim: 1, "dynamodb.UpdateItem": 1}
    assert simulator.control.book()["card_requests"] == sent + 1


def test_a_retry_is_one_dynamodb_call_and_no_request(
    routes: ChargeRoutes, simulator: Simulator, calls: Counter[str]
) -> None:
    first = routes.create(charge_event("again"), 20)
    calls.clear()
    sent = simulator.control.book()["card_requests"]

    retry = routes.create(charge_event("again"), 20)

    assert (retry.status, retry.body) == (first.status, first.body)
    assert retry.headers["Idempotency-Replayed"] == "true"
    assert calls == {"dynamodb.PutItem": 1}
    assert simulator.control.book()["card_requests"] == sent


def test_a_refund_is_one_read_two_writes_and_one_request(
    routes: ChargeRoutes, simulator: Simulator, calls: Counter[str]
) -> None:
    """The two writes: the refund as requested, and its result."""
    simulator.control.script("approve")
    paid = routes.create(charge_event("paid"), 20).body
    calls.clear()

    assert routes.refund(refund_event("back", paid["id"]), 20).status == 201

    assert calls == {"dynamodb.GetItem": 1, "dynamodb.UpdateItem": 2}
    assert simulator.control.book()["refund_posts"][paid["transaction_id"]] == 1


def test_a_retried_refund_is_one_read_and_no_request(
    routes: ChargeRoutes, simulator: Simulator, calls: Counter[str]
) -> None:
    simulator.control.script("approve")
    paid = routes.create(charge_event("paid"), 20).body
    first = routes.refund(refund_event("back", paid["id"]), 20)
    calls.clear()

    again = routes.refund(refund_event("back", paid["id"]), 20)

    assert (again.status, again.body) == (201, first.body)
    assert calls == {"dynamodb.GetItem": 1}
    assert simulator.control.book()["refund_posts"][paid["transaction_id"]] == 1


def _counted(service: str, calls: Counter[str]) -> Any:
    client = boto3.client(
        service, region_name="eu-west-1", aws_access_key_id="made-up", aws_secret_access_key="made-up"
    )  # type: ignore[call-overload]
    client.meta.events.register(f"before-call.{service}", partial(_count, service, calls))
    return client


def _count(service: str, calls: Counter[str], model: Any, **_: Any) -> None:
    calls[f"{service}.{model.name}"] += 1


def charge_event(key: str, order_id: str | None = None) -> dict[str, Any]:
    """`POST /charges` with the payment of the gateway's document, as API Gateway passes it on."""
    payment = json.loads((EVENTS / "charge-document.json").read_text())
    payment.pop("order_id", None)
    if order_id is not None:
        payment["order_id"] = order_id
    return {
        "httpMethod": "POST",
        "resource": "/charges",
        "path": "/charges",
        "headers": {"Content-Type": "application/json", "Idempotency-Key": key},
        "body": json.dumps(payment),
        "requestContext": {"identity": {"userArn": "arn:aws:iam::123456789012:role/shop"}, "path": "/v1/charges"},
    }


def refund_event(key: str, payment_id: str) -> dict[str, Any]:
    """`POST /charges/{id}/refunds`, likewise."""
    event = charge_event(key)
    path = f"/charges/{payment_id}/refunds"
    return event | {
        "resource": "/charges/{id}/refunds",
        "path": path,
        "pathParameters": {"id": payment_id},
        "body": json.dumps({"reason": "returned"}),
        "requestContext": event["requestContext"] | {"path": f"/v1{path}"},
    }
