"""The webhook door, for the events that API Gateway sends: verification, outcome and status code of each delivery."""

import base64
import json
from typing import Any

import pytest

from payments.errors import SecretUnusable
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, UnknownToGateway
from tests.fakes.bus import RecordingBus
from tests.recorded_events import WEBHOOK_SECRET, recorded
from tests.webhook.webhook_api import SUCCEEDED, WebhookApi, keys, signed_event


class TestVerification:
    def test_a_signed_delivery_is_accepted(self, api: WebhookApi) -> None:
        api.gateway_status("SUCCESS")
        assert api.send(recorded(SUCCEEDED)) == 200
        assert api.payment.status is Status.SUCCEEDED

    def test_a_base64_body_is_verified_as_the_bytes_it_encodes(self, api: WebhookApi) -> None:
        api.gateway_status("SUCCESS")
        assert api.send(recorded("webhook-base64")) == 200
        assert api.payment.status is Status.SUCCEEDED

    @pytest.mark.parametrize("name", ["Fs-Webhook-Hash", "FS-WEBHOOK-HASH", "fs-webhook-hash"])
    def test_the_signature_and_its_header_are_case_insensitive(self, api: WebhookApi, name: str) -> None:
        event = recorded(SUCCEEDED)
        event["headers"] = {name: event["headers"]["fs-webhook-hash"].upper()}
        assert api.send(event) == 200

    def test_a_wrong_token_is_404(self, api: WebhookApi) -> None:
        assert api.send(recorded("webhook-stranger")) == 404
        assert_nothing_changed(api)

    def test_another_payments_token_is_404(self, api: WebhookApi) -> None:
        event = recorded(SUCCEEDED)
        event["pathParameters"]["payment_id"] = "pay_" + "a" * 26
        assert api.send(event) == 404

    @pytest.mark.parametrize("token", ["", None, "\ud800", "\u00e9", "0" * 100_000])
    def test_a_malformed_token_is_404(self, api: WebhookApi, token: str | None) -> None:
        event = recorded(SUCCEEDED)
        event["pathParameters"]["token"] = token
        assert api.send(event) == 404

    def test_a_token_of_the_previous_key_is_accepted(self, api: WebhookApi) -> None:
        api.token_keys.cached.insert(0, b"a newer key")
        assert api.send(recorded(SUCCEEDED)) == 200

    def test_a_token_of_a_newer_key_is_accepted_after_a_refresh(self, api: WebhookApi) -> None:
        api.token_keys.stored = api.token_keys.cached
        api.token_keys.cached = [b"an older key"]
        assert api.send(recorded(SUCCEEDED)) == 200

    def test_an_unsigned_delivery_is_401(self, api: WebhookApi) -> None:
        assert api.send(recorded("webhook-unsigned")) == 401
        assert_nothing_changed(api)
        assert api.gateway_keys.refreshes == 0, "a missing signature is no reason to read the keys again"

    @pytest.mark.parametrize("signature", ["", "0" * 64, "\u00e9", "\ud800", "a" * 100_000, "sha256="])
    def test_a_wrong_signature_is_401(self, api: WebhookApi, signature: str) -> None:
        event = recorded(SUCCEEDED)
        event["headers"]["fs-webhook-hash"] = signature
        assert api.send(event) == 401
        assert_nothing_changed(api)

    def test_a_body_changed_by_one_byte_is_401(self, api: WebhookApi) -> None:
        event = recorded(SUCCEEDED)
        assert api.send(event | {"body": event["body"] + " "}) == 401
        assert_nothing_changed(api)

    def test_a_signature_of_a_newer_secret_is_accepted_after_a_refresh(self, api: WebhookApi) -> None:
        api.gateway_keys.cached, api.gateway_keys.stored = [keys(b"an older one")], [keys(WEBHOOK_SECRET)]
        assert api.send(recorded(SUCCEEDED)) == 200
        assert api.gateway_keys.refreshes == 1

    def test_a_signature_of_the_previous_secret_is_accepted(self, api: WebhookApi) -> None:
        api.gateway_keys.cached = [keys(b"a newer one"), keys(WEBHOOK_SECRET)]
        assert api.send(recorded(SUCCEEDED)) == 200

    def test_the_encryption_key_signs_only_without_a_webhook_secret(self, api: WebhookApi) -> None:
        event = signed_event(recorded(SUCCEEDED)["body"], key=b"0123456789abcdef0123456789abcdef")
        assert api.send(event) == 401
        api.gateway_keys.cached = [keys(None)]
        assert api.send(event) == 200

    def test_under_the_report_policy_the_token_suffices(self, api: WebhookApi) -> None:
        api.signature = "report"
        api.gateway_status("SUCCESS")
        assert api.send(recorded("webhook-unsigned")) == 200
        assert api.send(recorded("webhook-stranger")) == 404
        matched = [line["matched"] for line in api.log() if line["message"] == "webhook_signature"]
        assert matched == ["none"]
        api.send(recorded(SUCCEEDED))
        assert api.log()[-1]["matched"] == "webhook_secret/current", "the log shows the scheme that the gateway uses"


class TestOutcome:
    @pytest.mark.parametrize(
        ("raw_status", "status"), [("SUCCESS", "succeeded"), ("FAILED", "failed"), ("BLOCKED", "blocked")]
    )
    def test_the_status_api_decides_the_outcome(self, api: WebhookApi, raw_status: str, status: str) -> None:
        api.gateway_status(raw_status)
        assert api.send(recorded(SUCCEEDED)) == 200
        assert api.payment.status.value == status
        assert api.payment.history[-1].source == "status"

    def test_a_status_behind_the_webhook_is_asked_for_again(self, api: WebhookApi) -> None:
        api.clock.forward(seconds=30)
        assert api.send(recorded(SUCCEEDED)) == 200
        assert api.payment.status is Status.REQUIRES_ACTION
        assert api.payment.follow_up.ask_at == api.clock.now, "the next follow-up asks again"
        assert "webhook_contradicts_status" in api.console.read()

    @pytest.mark.parametrize("error", [NoAnswer("no answer"), UnknownToGateway("no such payment")])
    def test_an_unanswered_status_query_is_left_to_the_follow_up(
        self, api: WebhookApi, error: NoAnswer | UnknownToGateway
    ) -> None:
        api.clock.forward(seconds=30)
        api.gateway.script_statuses(error)
        assert api.send(recorded(SUCCEEDED)) == 202
        assert api.payment.status is Status.REQUIRES_ACTION
        assert api.payment.follow_up.due_at == api.clock.now

    def test_without_confirmation_the_webhook_decides(self, api: WebhookApi) -> None:
        api.confirm = False
        assert api.send(recorded("webhook-declined")) == 200
        assert api.payment.status is Status.FAILED
        assert api.payment.history[-1].source == "webhook"
        assert api.gateway.asked == []

    def test_another_amount_is_reviewed(self, api: WebhookApi) -> None:
        api.confirm = False
        body = json.loads(recorded(SUCCEEDED)["body"])
        body["data"]["amount"] = 10_000
        assert api.send(signed_event(json.dumps(body))) == 200
        assert api.payment.status is Status.NEEDS_REVIEW

    @pytest.mark.parametrize("body", ["", "{", "null", "[]", "{}", '{"status":"SUCCESS"}', '{"status":1,"data":{}}'])
    def test_a_signed_body_without_a_transaction_is_left_to_the_follow_up(self, api: WebhookApi, body: str) -> None:
        api.clock.forward(seconds=30)
        assert api.send(signed_event(body)) == 202
        assert api.payment.follow_up.due_at == api.clock.now

    def test_a_released_payment_is_404(self) -> None:
        assert WebhookApi().send(recorded(SUCCEEDED)) == 404


class TestRedelivery:
    def test_a_redelivery_changes_and_publishes_nothing(self, api: WebhookApi) -> None:
        api.gateway_status("SUCCESS")
        assert [api.send(recorded(SUCCEEDED)) for _ in range(3)] == [200, 200, 200]
        assert api.payment.version == 3
        assert api.bus.types() == ["payment.processing", "payment.requires_action", "payment.succeeded"]

    def test_a_redelivery_publishes_what_the_bus_refused_before(self, api: WebhookApi) -> None:
        api.gateway_status("SUCCESS")
        api.bus = RecordingBus(takes=1)
        assert api.send(recorded(SUCCEEDED)) == 200
        api.bus.takes = None
        assert api.send(recorded(SUCCEEDED)) == 200
        sequences = [event.detail["metadata"]["sequence"] for event in api.bus.events]
        assert sequences == [1, 2, 3]


class TestStatusCode:
    @pytest.mark.parametrize("size", [65_537, 131_073, 6_000_000])
    def test_a_body_above_64_kib_is_413(self, api: WebhookApi, size: int) -> None:
        assert api.send(recorded(SUCCEEDED, body=" " * size)) == 413
        assert api.send(recorded("webhook-base64", body=base64.b64encode(b" " * size).decode())) == 413
        assert_nothing_changed(api)

    @pytest.mark.parametrize("text", ["=", "no base64!", "\u00e9\u00e9\u00e9\u00e9"])
    def test_broken_base64_is_401(self, api: WebhookApi, text: str) -> None:
        assert api.send(recorded("webhook-base64", body=text)) == 401

    def test_an_unreadable_secret_is_503(self, api: WebhookApi) -> None:
        class Unreadable:
            def versions(self) -> Any:
                raise SecretUnusable("the secret cannot be used (AccessDeniedException)")

        endpoint = api.endpoint()
        api.token_keys.cached = []
        assert api.send(recorded(SUCCEEDED)) == 404
        object.__setattr__(endpoint.verifier, "token_keys", Unreadable())
        api.endpoint = lambda: endpoint  # type: ignore[method-assign]
        assert api.send(recorded(SUCCEEDED)) == 503

    def test_a_bug_is_500_and_its_text_appears_nowhere(self, api: WebhookApi) -> None:
        def failing() -> Any:
            raise RuntimeError("james@example.com is what the bug quoted")

        api.endpoint = failing  # type: ignore[method-assign]
        assert api.send(recorded(SUCCEEDED)) == 500
        assert "RuntimeError" in api.console.read()
        assert "james@" not in api.console.read()


def assert_nothing_changed(api: WebhookApi) -> None:
    assert api.payment.status is Status.REQUIRES_ACTION
    assert api.gateway.asked == []
    assert api.bus.events == []


def test_the_log_holds_no_person_token_or_signature(api: WebhookApi) -> None:
    event = recorded(SUCCEEDED)
    api.send(event)
    api.send(recorded("webhook-unsigned"))
    log = api.console.read()
    assert api.payment.id in log
    for value in ("james@", "Dean", event["pathParameters"]["token"], event["headers"]["fs-webhook-hash"]):
        assert value not in log
