"""POST /charges/{id}/cancel: the payment with its order free, or a problem that says why not."""

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from tests.charge.charge_api import RESOURCE, ChargeApi, problem
from tests.fakes.gateway import Answers, Fails
from tests.recorded_events import recorded


def cancel(api: ChargeApi, **changes: Any) -> Any:
    return api.send(recorded("charge-cancel", **changes))


def test_the_answer_is_the_payment_without_its_page(api: ChargeApi) -> None:
    made = api.charge().json
    assert made["next_action"]

    response = cancel(api)

    assert (response.status, response.json["status"]) == (200, "requires_action")
    assert response.json.keys() == RESOURCE
    assert (response.json["next_action"], response.json["superseded_at"]) == (None, "2027-01-31T09:30:00.000Z")
    assert response.json == api.send(recorded("charge-get")).json


def test_a_repeat_gets_the_same_answer(api: ChargeApi) -> None:
    api.charge()
    first = cancel(api)
    api.clock.forward(seconds=9)
    assert (cancel(api).status, cancel(api).json) == (200, first.json)


def test_the_order_takes_another_key(api: ChargeApi) -> None:
    api.charge()
    assert problem(api.charge("another-key"))[1] == "order_payment_in_progress"
    cancel(api)
    assert api.charge("another-key").status == 201


def test_the_key_of_the_cancelled_payment_still_gets_it(api: ChargeApi) -> None:
    made = api.charge().json
    cancel(api)
    again = api.charge()
    assert (again.status, again.json["id"], again.json["next_action"]) == (201, made["id"], None)
    assert len(api.gateway.submissions) == 1


@pytest.mark.parametrize("body", [None, "", "{}", "no JSON"])
def test_a_body_is_not_read(api: ChargeApi, body: str | None) -> None:
    api.charge()
    assert cancel(api, body=body).status == 200


CASES: dict[Status, tuple[Answers | Fails, str, str]] = {
    Status.PROCESSING: (Fails(NoAnswer("timeout"), "REDIRECT"), "payment_undecided", "after"),
    Status.PENDING: (Answers("PENDING"), "payment_undecided", "after"),
    Status.SUCCEEDED: (Answers("SUCCESS"), "payment_succeeded", "never"),
    Status.FAILED: (Answers("FAILED"), "payment_over", "never"),
    Status.BLOCKED: (Answers("BLOCKED"), "payment_over", "never"),
    Status.ABANDONED: (Answers("ABANDONED"), "payment_over", "never"),
    Status.NEEDS_REVIEW: (Answers("SUCCESS", {"amount": Decimal(7)}), "payment_in_review", "after"),
}


def test_every_other_status_is_tested() -> None:
    assert set(CASES) == set(Status) - {Status.REQUIRES_ACTION}


@pytest.mark.parametrize("status", CASES)
def test_any_other_status_is_409(api: ChargeApi, status: Status) -> None:
    outcome, code, retry = CASES[status]
    api.gateway.script_charges(outcome)
    made = api.charge().json
    assert made["status"] == status
    before = api.stored(made["id"])

    response = cancel(api)

    assert problem(response) == (409, code, retry)
    assert response.json["payment_id"] == made["id"]
    assert response.headers["Location"] == f"/v1/charges/{made['id']}"
    assert api.stored(made["id"]) == before


@pytest.mark.parametrize("payment_id", ["pay_aaaaaaaaaaaaaaaaaaaaaaaaaa", "nonsense", ""])
def test_an_unknown_payment_is_404(api: ChargeApi, payment_id: str) -> None:
    api.charge()
    assert problem(cancel(api, pathParameters={"id": payment_id})) == (404, "payment_not_found", "never")


def test_an_unsigned_request_is_403(api: ChargeApi) -> None:
    made = api.charge().json
    event = recorded("charge-cancel")
    event["requestContext"]["identity"]["userArn"] = None
    assert problem(api.send(event)) == (403, "not_authenticated", "never")
    assert api.stored(made["id"]).superseded_at is None


def test_the_timeline_names_the_role_that_cancelled(api: ChargeApi) -> None:
    api.charge()
    event = recorded("charge-cancel")
    event["requestContext"]["identity"]["userArn"] = "arn:aws:sts::123456789012:assumed-role/back-office/anna"
    api.send(event)

    entry = api.send(recorded("charge-timeline")).json["data"][-1]

    assert (entry["type"], entry["evidence"]) == ("payment.superseded", {"cancelled": 1})
    assert entry["principal"] == "arn:aws:sts::123456789012:assumed-role/back-office"


def test_a_payment_of_the_other_mode_may_be_cancelled(api: ChargeApi) -> None:
    """Nothing is sent, so no gateway of that mode is needed."""
    api.charge()
    live = dataclasses.replace(api, live=True)
    assert cancel(live).status == 200
