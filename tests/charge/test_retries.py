"""POST /charges with a key that was used before: the same request later, and other requests."""

from dataclasses import replace

import pytest

from payments.ports.gateway import NoAnswer
from tests.charge.charge_api import ChargeApi, charge_event, problem
from tests.fakes.gateway import Answers, Fails
from tests.recorded_events import recorded


class TestRetry:
    def test_a_retry_gets_the_first_status_code_and_the_current_payment(self, api: ChargeApi) -> None:
        first = api.send(recorded("charge-create"))
        api.gateway.charges[0].raw_status = "SUCCESS"
        api.send(recorded("charge-refresh"))
        again = api.send(recorded("charge-create"))
        assert (first.status, again.status) == (201, 201)
        assert (first.json["status"], again.json["status"]) == ("requires_action", "succeeded")
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Location"] == first.headers["Location"]
        assert len(api.gateway.submissions) == 1

    def test_a_retry_still_gets_202_after_the_outcome_is_known(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NoAnswer("no answer"), raw_status="SUCCESS"))
        assert api.send(recorded("charge-create")).status == 202
        api.send(recorded("charge-refresh"))
        again = api.send(recorded("charge-create"))
        assert (again.status, again.json["status"]) == (202, "succeeded")
        assert "Retry-After" not in again.headers

    def test_a_retry_may_correct_the_cvv_and_nothing_else(self, api: ChargeApi) -> None:
        api.charge()
        assert api.charge(card_cvv="123").status == 201
        assert problem(api.charge(amount=101)) == (422, "idempotency_key_reused", "never")
        assert len(api.gateway.submissions) == 1

    @pytest.mark.parametrize("principal", ["assumed-role/another/session", "assumed-role/shop-backend/other"])
    def test_a_key_belongs_to_the_merchant_whichever_role_sends_it(self, api: ChargeApi, principal: str) -> None:
        event = charge_event(order_id=None)
        first = api.send(event)
        event["requestContext"]["identity"]["userArn"] = f"arn:aws:sts::123456789012:{principal}"
        again = api.send(event)
        assert (again.status, again.json["id"]) == (first.status, first.json["id"])
        assert again.headers["Idempotency-Replayed"] == "true"
        assert len(api.gateway.submissions) == 1


def test_a_retry_after_the_card_has_expired_gets_the_payment(api: ChargeApi) -> None:
    api.gateway.script_charges(Answers("SUCCESS"))
    paid = api.charge("late")
    api.clock.forward(days=365 * 5)

    retry = api.charge("late")

    assert (retry.status, retry.json) == (paid.status, paid.json)
    assert retry.headers["Idempotency-Replayed"] == "true"
    assert api.charge("never-seen").json["errors"][0]["code"] == "card_expired"


def test_a_retry_above_a_lowered_maximum_gets_the_payment(api: ChargeApi) -> None:
    paid = api.charge("large", amount=900_000)
    routes = api.routes()
    lowered = replace(routes, max_amount=1000)
    api.routes = lambda: lowered  # type: ignore[method-assign]

    retry = api.charge("large", amount=900_000)

    assert (retry.status, retry.json["id"]) == (paid.status, paid.json["id"])
    assert api.charge("other", amount=900_000).status == 422


def test_another_request_that_is_invalid_today_is_no_retry(api: ChargeApi) -> None:
    api.charge("late")
    api.clock.forward(days=365 * 5)
    assert api.charge("late", amount=7).json["code"] == "invalid_request"
