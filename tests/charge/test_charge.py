"""POST /charges: every status code with its headers, for the events that API Gateway sends."""

from typing import Any

import pytest

from payments.errors import SecretUnusable
from payments.model.history import FieldError
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from payments.webhooks.callback_token import token_of
from tests.charge.charge_api import RESOURCE, VERDICTS, ChargeApi, charge_event, problem
from tests.fakes.gateway import Answers, Fails
from tests.recorded_events import TOKEN_KEY, recorded

PAYMENT_ID = recorded("charge-get")["pathParameters"]["id"]


class TestVerdict:
    @pytest.mark.parametrize(("raw_status", "status"), VERDICTS)
    def test_any_verdict_is_answered_with_201(self, api: ChargeApi, raw_status: str, status: str) -> None:
        api.gateway.script_charges(Answers(raw_status))
        response = api.send(recorded("charge-create"))
        assert (response.status, response.json["status"]) == (201, status)
        assert response.json.keys() == RESOURCE
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Retry-After" not in response.headers

    def test_the_location_has_the_requested_stage(self, api: ChargeApi) -> None:
        assert api.send(recorded("charge-create")).headers["Location"] == f"/v1/charges/{PAYMENT_ID}"

    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("/charges", "/charges/"),
            ("/payments/charges", "/payments/charges/"),
            ("/charges/charges", "/charges/charges/"),
            ("/charges-api/charges", "/charges-api/charges/"),
        ],
    )
    def test_the_location_has_a_custom_domains_base_path(self, api: ChargeApi, path: str, location: str) -> None:
        event = recorded("charge-create")
        event["requestContext"]["path"] = path
        assert api.send(event).headers["Location"] == location + PAYMENT_ID

    def test_a_base64_body_is_the_same_request(self, api: ChargeApi) -> None:
        assert api.send(recorded("charge-create-base64")).json["id"] == PAYMENT_ID
        (submission,) = api.gateway.submissions
        assert submission.card is not None
        assert submission.card.number == "4111111111111111"


class TestWebhookAddress:
    def test_the_default_is_the_apis_own_address(self, api: ChargeApi) -> None:
        api.send(recorded("charge-create"))
        domain = recorded("charge-create")["requestContext"]["domainName"]
        (submission,) = api.gateway.submissions
        token = token_of(PAYMENT_ID, TOKEN_KEY)
        assert submission.webhook_url == f"https://{domain}/v1/webhooks/pay-agency/{PAYMENT_ID}/{token}"

    def test_a_configured_base_url_is_used(self) -> None:
        api = ChargeApi(public_base_url="https://pay.example/api")
        api.send(recorded("charge-create"))
        (submission,) = api.gateway.submissions
        assert submission.webhook_url.startswith(f"https://pay.example/api/webhooks/pay-agency/{PAYMENT_ID}/")

    def test_the_recorded_webhooks_are_sent_to_this_address(self) -> None:
        asked = recorded("webhook-succeeded")["pathParameters"]
        assert asked == {"payment_id": PAYMENT_ID, "token": token_of(PAYMENT_ID, TOKEN_KEY)}


@pytest.mark.parametrize("changes", [{"domainName": "pay.shop.example"}, {"domainName": None}, {"apiId": None}])
def test_a_custom_domain_without_a_configured_base_url_is_503_and_nothing_is_sent(
    api: ChargeApi, changes: dict[str, Any]
) -> None:
    event = charge_event("domain")
    event["requestContext"] |= changes
    response = api.send(event)
    assert (response.status, response.json["code"]) == (503, "not_configured")
    assert (api.gateway.submissions, api.ledger.payments()) == ([], [])


class TestUnknownOutcome:
    def test_no_answer_is_202_with_location_and_retry_after(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NoAnswer("no answer (ReadTimeoutError)"), raw_status="SUCCESS"))
        response = api.send(recorded("charge-create"))
        assert (response.status, response.json["status"]) == (202, "processing")
        assert response.headers["Location"].endswith(PAYMENT_ID)
        assert int(response.headers["Retry-After"]) > 0

    @pytest.mark.parametrize("raw_status", ["INIT", "QUARANTINED"])
    def test_a_status_without_a_verdict_is_202(self, api: ChargeApi, raw_status: str) -> None:
        api.gateway.script_charges(Answers(raw_status))
        response = api.send(recorded("charge-create"))
        assert (response.status, response.json["status"]) == (202, "processing")
        assert "Retry-After" in response.headers

    def test_a_retry_sends_nothing(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NoAnswer("no answer"), raw_status="SUCCESS"))
        answers = [api.send(recorded("charge-create")) for _ in range(3)]
        assert [response.status for response in answers] == [202, 202, 202]
        assert len(api.gateway.submissions) == 1

    def test_a_verdict_with_another_amount_is_202_and_reviewed(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Answers("SUCCESS", {"amount": 10000}))
        response = api.send(recorded("charge-create"))
        assert (response.status, response.json["status"]) == (202, "needs_review")
        assert "Retry-After" not in response.headers, "a human must look: polling helps nobody"


class TestOrder:
    def test_an_order_in_flight_accepts_no_second_payment(self, api: ChargeApi) -> None:
        api.charge()
        response = api.charge("another key")  # a key with a space is refused before anything else
        assert problem(response) == (400, "idempotency_key_invalid", "never")
        response = api.charge("another-key")
        assert problem(response) == (409, "order_payment_in_progress", "after")
        assert response.headers["Location"] == f"/v1/charges/{PAYMENT_ID}"
        assert response.json["payment_id"] == PAYMENT_ID

    def test_a_paid_order_accepts_no_second_payment(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Answers("SUCCESS"))
        api.charge()
        response = api.charge("another-key")
        assert problem(response) == (409, "order_already_paid", "never")
        assert response.headers["Location"] == f"/v1/charges/{PAYMENT_ID}"

    def test_a_failed_order_accepts_another_attempt_with_a_suffix(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Answers("FAILED"), Answers("SUCCESS"))
        first, second = api.charge(), api.charge("another-key")
        assert (first.json["status"], second.json["status"]) == ("failed", "succeeded")
        assert [s.order_id for s in api.gateway.submissions] == ["12524AGSDF34DS", "12524AGSDF34DS~2"]
        listed = api.send(recorded("charge-attempts")).json["data"]
        assert [payment["id"] for payment in listed] == [first.json["id"], second.json["id"]]


class TestRefusal:
    def test_a_field_that_the_gateway_refused_is_named(self, api: ChargeApi) -> None:
        errors = (FieldError("phone_number", "refused_by_gateway", "phone_number is invalid"),)
        api.gateway.script_charges(Fails(Refused("Validation failed", errors)))
        response = api.send(recorded("charge-create"))
        assert problem(response) == (422, "refused_by_gateway", "never")
        assert response.json["errors"] == [
            {"field": "phone_number", "code": "refused_by_gateway", "message": "phone_number is invalid"}
        ]
        assert response.json["payment"]["status"] == "failed"
        assert response.headers["Location"].endswith(PAYMENT_ID)
        again = api.send(recorded("charge-create"))
        assert (again.status, again.headers["Idempotency-Replayed"]) == (422, "true")

    def test_refused_credentials_are_502(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(CredentialsRefused("the gateway refused our credentials")))
        response = api.send(recorded("charge-create"))
        assert problem(response) == (502, "gateway_credentials", "never")
        assert response.json["payment"]["status"] == "failed"

    def test_an_unreachable_gateway_records_nothing_and_may_be_retried(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NotSent("not sent (NewConnectionError)")))
        response = api.send(recorded("charge-create"))
        assert problem(response) == (503, "gateway_unreachable", "same-key")
        assert int(response.headers["Retry-After"]) > 0
        assert api.ledger.payments() == []
        again = api.send(recorded("charge-create"))
        assert (again.status, again.headers.get("Idempotency-Replayed")) == (201, None)

    def test_unusable_keys_record_nothing_and_may_be_retried(self, api: ChargeApi) -> None:
        api.gateway.unready = SecretUnusable("the gateway's secret is not JSON")
        response = api.send(recorded("charge-create"))
        assert problem(response) == (503, "not_configured", "same-key")
        assert "Retry-After" in response.headers
        api.gateway.unready, api.token_key.usable = None, False
        assert problem(api.send(recorded("charge-create"))) == (503, "not_configured", "same-key")
        assert api.ledger.payments() == []
        assert api.gateway.submissions == []

    def test_an_unsigned_request_is_403(self, api: ChargeApi) -> None:
        event = recorded("charge-create")
        event["requestContext"]["identity"]["userArn"] = None
        assert problem(api.send(event)) == (403, "not_authenticated", "never")
        assert api.ledger.payments() == []
