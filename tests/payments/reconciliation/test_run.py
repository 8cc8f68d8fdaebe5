"""The reconciliation as deployed, in this process: the simulator's list over HTTP, moto's table and bucket."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local.simulator import Credentials, Simulator, running
from payments.files.s3 import Bucket
from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.client import PayAgency
from payments.gateway.credentials import parse_keys
from payments.gateway.envelope import Dialect
from payments.gateway.transaction_list import PayAgencyList
from payments.gateway.transport import Transport
from payments.ledger.checkpoints import DynamoCheckpointStore
from payments.ledger.reconciliation import DynamoReconciliationLedger
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.timestamps import utc_now
from payments.reconciliation.report import FileReports
from payments.reconciliation.run import ReconciliationRun
from payments.runtime.secret_cache import Secret
from reconciliation.invocation import ReconciliationInvocation
from tests.charge.aws_resources import GATEWAY_SECRET, TABLE, create_resources
from tests.emf_lines import Console
from tests.fakes import samples

PLENTY = 900.0
NAME = "reports"


class Stack:
    """One stack, and the steps of its tests."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator, self.control, self.calls = simulator, simulator.control, Counter[str]()
        self.console = Console("reconciliation")
        self.keys = count(1)
        clients = {name: self._counted(name) for name in ("dynamodb", "secretsmanager", "s3")}
        create_resources(clients["dynamodb"], clients["secretsmanager"], simulator.credentials)
        clients["s3"].create_bucket(Bucket=NAME)
        self.s3, telemetry = clients["s3"], self.console.telemetry
        keys = Secret(clients["secretsmanager"], GATEWAY_SECRET, partial(parse_keys, mode="test"), utc_now, telemetry)
        gateway = PayAgency(
            Transport(simulator.url), keys, Dialect("minor", "alpha-2"), "test", telemetry, CircuitBreaker(utc_now)
        )
        self.ledger = DynamoReconciliationLedger(clients["dynamodb"], TABLE)
        bucket = Bucket(clients["s3"], NAME)
        reconciliation = ReconciliationRun(
            listing=PayAgencyList(gateway, utc_now),
            gateway=gateway,
            ledger=self.ledger,
            checkpoints=DynamoCheckpointStore(clients["dynamodb"], TABLE),
            reports=FileReports(bucket),
            clock=utc_now,
            telemetry=telemetry,
            pause=lambda _: None,
        )
        self.invocation = ReconciliationInvocation(reconciliation, telemetry, bucket.address, days=1)

    def paid(self) -> Payment:
        """A payment of today that is paid on both sides."""
        then = utc_now() - timedelta(hours=2)  # what is of this hour is left alone
        payment = replace(samples.payment(key=f"key-{next(self.keys)}", order_id=None, at=then), created_at=utc_now())
        assert self.ledger.claim(payment, None) is None
        transaction_id = self.control.orphan(amount=100, currency="GBP", order_id=payment.id, status="SUCCESS")
        after = payment.transition_to(
            Status.SUCCEEDED, at=then, source="answer", evidence={}, transaction_id=transaction_id
        )
        return self.ledger.save(payment, after)

    def run(self, **payload: Any) -> dict[str, Any]:
        """One call by hand, for yesterday and today."""
        today = utc_now().date()
        first = today - timedelta(days=1)
        return self.invocation.take({"from": first.isoformat(), "to": today.isoformat(), **payload}, lambda: PLENTY)

    def report(self, result: dict[str, Any]) -> dict[str, Any]:
        key = result["report"]["json"].removeprefix(f"s3://{NAME}/")
        report: dict[str, Any] = json.loads(self.s3.get_object(Bucket=NAME, Key=key)["Body"].read())
        return report

    def _counted(self, service: str) -> Any:
        client: Any = boto3.client(  # type: ignore[call-overload]
            service, region_name="us-east-1", aws_access_key_id="made-up", aws_secret_access_key="made-up"
        )

        def note(model: Any, **_: Any) -> None:
            self.calls[f"{service}.{model.name}"] += 1

        client.meta.events.register(f"before-call.{service}", note)
        return client


@pytest.fixture
def stack() -> Iterator[Stack]:
    with running(Credentials.invented("test")) as simulator, mock_aws():
        yield Stack(simulator)


def test_changes_at_the_gateways_dashboard_are_recorded(stack: Stack) -> None:
    refunded, back, suspicious, drifting, gone = [stack.paid() for _ in range(5)]
    stack.control.switch(page_size=2)
    stack.control.refund(str(refunded.transaction_id))
    stack.control.charge_back(str(back.transaction_id))
    stack.control.suspect(str(suspicious.transaction_id))
    stack.control.amend(str(drifting.transaction_id), amount=250)
    stack.control.forget(str(gone.transaction_id))
    orphan = stack.control.orphan(amount=700, currency="JPY", order_id="theirs-1", status="SUCCESS")

    result = stack.run()

    assert result["state"] == "finished"
    assert (result["rows"], result["listed_total"]) == (5, 5)
    assert result["discrepancies"] == {
        "amount_drift": 1,
        "charged_back": 1,
        "orphan": 1,
        "refunded_elsewhere": 1,
        "suspicious": 1,
        "unknown_to_gateway": 1,
    }
    reported = {(each["discrepancy"], each["transaction_id"]) for each in stack.report(result)["discrepancies"]}
    assert ("orphan", orphan) in reported
    assert ("unknown_to_gateway", gone.transaction_id) in reported
    standing = {p.id: m.payment for p in (refunded, back) for m in stack.ledger.standing([p.id]).values()}
    assert standing[refunded.id].refund.status == "refunded"
    assert standing[back.id].chargeback.status == "charged_back"
    assert "unexpected_error" not in stack.console.read()


def test_a_page_that_agrees_costs_one_read_and_one_checkpoint(stack: Stack) -> None:
    for _ in range(12):
        stack.paid()
    stack.control.switch(page_size=4)
    stack.run()
    stack.calls.clear()
    stack.run(anew=True)
    pages = 3
    assert stack.calls["dynamodb.BatchGetItem"] == pages
    assert stack.calls["dynamodb.UpdateItem"] == 1 + 1 + pages + 2 + 1 + 1 + 1, (
        "taken, anew, pages, two days of the index, held on, report, given back"
    )
    assert stack.calls["dynamodb.Query"] == 2 * 8
    assert stack.calls["s3.PutObject"] == 2
    assert set(stack.calls) == {"dynamodb.BatchGetItem", "dynamodb.UpdateItem", "dynamodb.Query", "s3.PutObject"}


def test_the_function_may_make_every_call(stack: Stack) -> None:
    stack.control.orphan(amount=700, currency="JPY", order_id="theirs-1", status="SUCCESS")
    stack.control.orphan(amount=700, currency="JPY", order_id=None, status="FAILED")
    stack.calls.clear()
    stack.paid()
    stack.run()
    assert set(stack.calls) <= {
        "dynamodb.BatchGetItem",
        "dynamodb.PutItem",
        "dynamodb.Query",
        "dynamodb.TransactWriteItems",
        "dynamodb.UpdateItem",
        "s3.GetObject",
        "s3.PutObject",
        "secretsmanager.GetSecretValue",
    }
