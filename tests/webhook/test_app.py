"""The webhook door, from the events that AWS sends: who is let in, what is believed, and what each delivery is told."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from payments.errors import SecretUnusable
from payments.model.status import Status
from payments.ports.gateway import NoAnswer, UnknownToGateway
from tests.fakes.bus import RecordingBus
from tests.recorded_events import WEBHOOK_SECRET, recorded
from tests.webhook.webhook_endpoint import House, keys

SUCCEEDED = "webhook-succeeded"


class TestWhoIsLetIn:
    def test_the_gateway(self, house: House) -> None:
        house.bank_says("SUCCESS")
        assert house.takes(recorded(SUCCEEDED)) == 200
        assert house.payment.status is Status.SUCCEEDED

    def test_the_gateway_however_api_gateway_passed_its_bytes_on(self, house: House) -> None:
        house.bank_says("SUCCESS")
        assert house.takes(recorded("webhook-base64")) == 200
        assert house.payment.status is Status.SUCCEEDED

    @pytest.mark.parametrize("name", ["Fs-Webhook-Hash", "FS-WEBHOOK-HASH", "fs-webhook-hash"])
    def test_the_gateway_in_any_case(self, house: House, name: str) -> None:
        event = recorded(SUCCEEDED)
        event["headers"] = {name: event["headers"]["fs-webhook-hash"].upper()}
        assert house.takes(event) == 200

    def test_nobody_with_another_token(self, house: House) -> None:
        assert house.takes(recorded("webhook-stranger")) == 404
        assert_untouched(house)

    def test_nobody_with_another_payments_token(self, house: House) -> None:
        event = recorded(SUCCEEDED)
        event["pathParameters"]["payment_id"] = "pay_" + "a" * 26
        assert house.takes(event) == 404

    @pytest.mark.parametrize("token", ["", None, "\ud800", "\u00e9", "0" * 100_000])
    def test_nobody_with_what_is_no_token(self, house: House, token: str | None) -> None:
        event = recorded(SUCCEEDED)
        event["pathParameters"]["token"] = token
        assert house.takes(event) == 404

    def test_a_token_of_the_key_before(self, house: House) -> None:
        house.keys.token_keys.insert(0, b"a newer key")
        assert house.takes(recorded(SUCCEEDED)) == 200

    def test_a_token_of_a_key_that_is_newer_than_ours(self, house: House) -> None:
        house.keys.fresh_token_keys = house.keys.token_keys
        house.keys.token_keys = [b"an older key"]
        assert house.takes(recorded(SUCCEEDED)) == 200

    def test_nobody_unsigned(self, house: House) -> None:
        assert house.takes(recorded("webhook-unsigned")) == 401
        assert_untouched(house)
        assert house.keys.refreshes == 0, "what is not signed at all is no reason to read the keys again"

    @pytest.mark.parametrize("signature", ["", "0" * 64, "\u00e9", "\ud800", "a" * 100_000, "sha256="])
    def test_nobody_signed_wrongly(self, house: House, signature: str) -> None:
        event = recorded(SUCCEEDED)
        event["headers"]["fs-webhook-hash"] = signature
        assert house.takes(event) == 401
        assert_untouched(house)

    def test_nobody_whose_body_was_changed_by_a_byte(self, house: House) -> None:
        event = recorded(SUCCEEDED)
        assert house.takes(event | {"body": event["body"] + " "}) == 401
        assert_untouched(house)

    def test_the_gateway_with_a_secret_that_was_rotated_meanwhile(self, house: House) -> None:
        house.keys.kept, house.keys.fresh = [keys(b"an older one")], [keys(WEBHOOK_SECRET)]
        assert house.takes(recorded(SUCCEEDED)) == 200
        assert house.keys.refreshes == 1

    def test_the_gateway_with_the_secret_before(self, house: House) -> None:
        house.keys.kept = [keys(b"a newer one"), keys(WEBHOOK_SECRET)]
        assert house.takes(recorded(SUCCEEDED)) == 200

    def test_the_encryption_key_signs_only_where_no_webhook_secret_is_set(self, house: House) -> None:
        event = signed(recorded(SUCCEEDED)["body"], key=b"0123456789abcdef0123456789abcdef")
        assert house.takes(event) == 401
        house.keys.kept = [keys(None)]
        assert house.takes(event) == 200

    def test_the_token_alone_suffices_while_signatures_are_only_reported(self, house: House) -> None:
        house.signature = "report"
        house.bank_says("SUCCESS")
        assert house.takes(recorded("webhook-unsigned")) == 200
        assert house.takes(recorded("webhook-stranger")) == 404
        matched = [line["matched"] for line in house.log() if line["message"] == "webhook_signature"]
        assert matched == ["none"]
        house.takes(recorded(SUCCEEDED))
        assert house.log()[-1]["matched"] == "webhook_secret/current", "so whoever deploys learns the scheme"


class TestWhatIsBelieved:
    @pytest.mark.parametrize(
        ("said", "status"), [("SUCCESS", "succeeded"), ("FAILED", "failed"), ("BLOCKED", "blocked")]
    )
    def test_is_what_the_status_api_says(self, house: House, said: str, status: str) -> None:
        house.bank_says(said)
        assert house.takes(recorded(SUCCEEDED)) == 200
        assert house.payment.status.value == status
        assert house.payment.history[-1].source == "status"

    def test_is_nothing_yet_where_the_status_api_lags_behind(self, house: House) -> None:
        house.clock.forward(seconds=30)
        assert house.takes(recorded(SUCCEEDED)) == 200
        assert house.payment.status is Status.REQUIRES_ACTION
        assert house.payment.follow_up.ask_at == house.clock.now, "it is asked again at the next minute"
        assert "webhook_contradicts_status" in house.console.read()

    @pytest.mark.parametrize("error", [NoAnswer("no answer"), UnknownToGateway("no such payment")])
    def test_is_nothing_where_the_gateway_cannot_be_asked(
        self, house: House, error: NoAnswer | UnknownToGateway
    ) -> None:
        house.clock.forward(seconds=30)
        house.gateway.will_say(error)
        assert house.takes(recorded(SUCCEEDED)) == 202
        assert house.payment.status is Status.REQUIRES_ACTION
        assert house.payment.follow_up.due_at == house.clock.now

    def test_is_the_webhook_itself_where_that_is_configured(self, house: House) -> None:
        house.confirm = False
        assert house.takes(recorded("webhook-declined")) == 200
        assert house.payment.status is Status.FAILED
        assert house.payment.history[-1].source == "webhook"
        assert house.gateway.asked == []

    def test_is_never_another_amount(self, house: House) -> None:
        house.confirm = False
        body = json.loads(recorded(SUCCEEDED)["body"])
        body["data"]["amount"] = 10_000
        assert house.takes(signed(json.dumps(body))) == 200
        assert house.payment.status is Status.NEEDS_REVIEW

    @pytest.mark.parametrize("body", ["", "{", "null", "[]", "{}", '{"status":"SUCCESS"}', '{"status":1,"data":{}}'])
    def test_is_asked_for_where_a_signed_body_says_nothing(self, house: House, body: str) -> None:
        house.clock.forward(seconds=30)
        assert house.takes(signed(body)) == 202
        assert house.payment.follow_up.due_at == house.clock.now

    def test_is_nothing_of_a_payment_whose_claim_was_released(self) -> None:
        assert House().takes(recorded(SUCCEEDED)) == 404


class TestRepeats:
    def test_change_and_publish_nothing_more(self, house: House) -> None:
        house.bank_says("SUCCESS")
        assert [house.takes(recorded(SUCCEEDED)) for _ in range(3)] == [200, 200, 200]
        assert house.payment.version == 3
        assert house.bus.types() == ["payment.processing", "payment.requires_action", "payment.succeeded"]

    def test_publish_what_the_bus_did_not_take_before(self, house: House) -> None:
        house.bank_says("SUCCESS")
        house.bus = RecordingBus(takes=1)
        assert house.takes(recorded(SUCCEEDED)) == 200
        house.bus.takes = None
        assert house.takes(recorded(SUCCEEDED)) == 200
        sequences = [event.detail["metadata"]["sequence"] for event in house.bus.events]
        assert sequences == [1, 2, 3]


class TestAnswers:
    @pytest.mark.parametrize("size", [65_537, 131_073, 6_000_000])
    def test_to_what_is_too_large(self, house: House, size: int) -> None:
        assert house.takes(recorded(SUCCEEDED, body=" " * size)) == 413
        assert house.takes(recorded("webhook-base64", body=base64.b64encode(b" " * size).decode())) == 413
        assert_untouched(house)

    @pytest.mark.parametrize("text", ["=", "no base64!", "\u00e9\u00e9\u00e9\u00e9"])
    def test_to_what_is_not_base64(self, house: House, text: str) -> None:
        assert house.takes(recorded("webhook-base64", body=text)) == 401

    def test_while_our_own_secret_cannot_be_read_invite_a_repeat(self, house: House) -> None:
        class Unreadable:
            def versions(self) -> Any:
                raise SecretUnusable("the secret cannot be used (AccessDeniedException)")

        endpoint = house.endpoint()
        house.keys.token_keys = []
        assert house.takes(recorded(SUCCEEDED)) == 404
        object.__setattr__(endpoint.verifier, "token_keys", Unreadable())
        house.endpoint = lambda: endpoint  # type: ignore[method-assign]
        assert house.takes(recorded(SUCCEEDED)) == 503

    def test_to_a_bug_invite_a_repeat_and_quote_nothing(self, house: House) -> None:
        def explode() -> Any:
            raise RuntimeError("james@example.com is what the bug quoted")

        house.endpoint = explode  # type: ignore[method-assign]
        assert house.takes(recorded(SUCCEEDED)) == 500
        assert "RuntimeError" in house.console.read()
        assert "james@" not in house.console.read()


def signed(body: str, key: bytes = WEBHOOK_SECRET) -> dict[str, Any]:
    event = recorded(SUCCEEDED, body=body)
    event["headers"]["fs-webhook-hash"] = hmac.new(key, body.encode(), hashlib.sha256).hexdigest()
    return event


def assert_untouched(house: House) -> None:
    assert house.payment.status is Status.REQUIRES_ACTION
    assert house.gateway.asked == []
    assert house.bus.events == []


def test_the_log_holds_neither_person_nor_token_nor_signature(house: House) -> None:
    event = recorded(SUCCEEDED)
    house.takes(event)
    house.takes(recorded("webhook-unsigned"))
    log = house.console.read()
    assert house.payment.id in log
    for value in ("james@", "Dean", event["pathParameters"]["token"], event["headers"]["fs-webhook-hash"]):
        assert value not in log
