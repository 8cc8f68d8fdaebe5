"""Who did it: each history entry and log line of a request names the AWS principal, the role without the session."""

import json
from typing import Any

import pytest

from payments.events.event import event_of
from payments.ledger.history_items import entry_item, entry_of, refund_attempt_item, refund_attempt_of
from payments.ports.gateway import NoAnswer, Refused
from tests.charge.charge_api import ChargeApi
from tests.fakes.gateway import Answers, Fails, Refunds
from tests.recorded_events import recorded

SHOP = "arn:aws:sts::123456789012:assumed-role/shop-backend"
OFFICE = "arn:aws:sts::123456789012:assumed-role/back-office"


def sent_by(principal: str, name: str) -> Any:
    event = recorded(name)
    event["requestContext"]["identity"]["userArn"] = f"{principal}/a-session"
    return event


def principals(api: ChargeApi) -> list[tuple[str, str | None]]:
    entries = api.send(recorded("charge-timeline")).json["data"]
    return [(entry["type"].removeprefix("payment."), entry["principal"]) for entry in entries]


def test_the_entries_of_a_charge_name_the_role_that_requested_it(api: ChargeApi) -> None:
    api.gateway.script_charges(Answers("SUCCESS"))
    api.send(recorded("charge-create"))
    assert principals(api) == [("processing", SHOP), ("succeeded", SHOP)]


def test_a_refused_charge_names_the_role_too(api: ChargeApi) -> None:
    api.gateway.script_charges(Fails(Refused("no")))
    api.send(recorded("charge-create"))
    assert principals(api) == [("processing", SHOP), ("failed", SHOP)]


def test_an_entry_of_the_system_names_nobody(api: ChargeApi) -> None:
    api.gateway.script_charges(Fails(NoAnswer("no answer"), raw_status="SUCCESS"))
    api.send(recorded("charge-create"))
    api.follow_up(seconds=61)
    assert principals(api) == [("processing", SHOP), ("succeeded", None)]


def test_a_refresh_names_the_role_that_asked(api: ChargeApi) -> None:
    api.gateway.script_charges(Fails(NoAnswer("no answer"), raw_status="SUCCESS"))
    api.send(recorded("charge-create"))
    api.send(sent_by(OFFICE, "charge-refresh"))
    assert principals(api) == [("processing", SHOP), ("succeeded", OFFICE)]


def test_a_retry_by_another_role_does_not_change_who_charged(api: ChargeApi) -> None:
    api.send(recorded("charge-create"))
    api.send(sent_by(OFFICE, "charge-create"))
    assert {principal for _, principal in principals(api)} == {SHOP}


@pytest.mark.parametrize(
    ("refund", "name"), [(Refunds(), "refunded"), (Refunds(done=False, error=Refused("no")), "refund_failed")]
)
def test_the_entries_of_a_refund_name_the_role_that_requested_it(api: ChargeApi, refund: Refunds, name: str) -> None:
    api.paid_payment()
    api.gateway.script_refunds(refund)
    api.send(sent_by(OFFICE, "charge-refund"))
    assert principals(api)[2:] == [("refund_requested", OFFICE), (name, OFFICE)]


@pytest.mark.parametrize("name", ["charge-create", "charge-refresh", "charge-refund"])
def test_each_log_line_of_a_request_names_the_role(api: ChargeApi, name: str) -> None:
    api.paid_payment()
    before = len(api.console.read())
    api.gateway.script_statuses(NoAnswer("no answer"))
    api.charge("another", order_id=None) if name == "charge-create" else api.send(recorded(name))
    lines = [json.loads(line) for line in api.console.read()[before:].splitlines()]
    notes = [line for line in lines if "signal" in line]
    assert notes
    assert {line["principal"] for line in notes} == {SHOP}


def test_no_event_names_it(api: ChargeApi) -> None:
    payment = api.paid_payment()
    assert payment.history[0].principal == SHOP
    assert SHOP not in repr([event_of(payment, entry) for entry in payment.history])


def test_an_entry_stored_before_principals_were_recorded_has_none(api: ChargeApi) -> None:
    payment = api.paid_payment()
    api.send(recorded("charge-refund"))
    item = entry_item(payment.history[0])
    assert item.pop("principal") == SHOP
    assert entry_of(item).principal is None
    attempt = refund_attempt_item(api.stored(payment.id).refund_attempt) or {}
    assert attempt.pop("principal") == SHOP
    read = refund_attempt_of(attempt)
    assert read is not None
    assert read.principal is None
