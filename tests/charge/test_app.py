"""The charge door: every situation of the API's table, from the events that AWS sends."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from payments.errors import SecretUnusable
from payments.model.history import FieldError
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent, Refused
from payments.webhooks.callback_token import token_of
from tests.charge.charge_api import RESOURCE, Counter, charge, problem
from tests.fakes.gateway import Answers, Booked, Fails
from tests.recorded_events import TOKEN_KEY, recorded

PAYMENT_ID = recorded("charge-get")["pathParameters"]["id"]


class TestVerdicts:
    @pytest.mark.parametrize(
        ("said", "status"),
        [
            ("SUCCESS", "succeeded"),
            ("FAILED", "failed"),
            ("BLOCKED", "blocked"),
            ("ABANDONED", "abandoned"),
            ("REDIRECT", "requires_action"),
            ("PENDING", "pending"),
        ],
    )
    def test_are_answered_201_whatever_they_are(self, counter: Counter, said: str, status: str) -> None:
        counter.gateway.will(Answers(said))
        told = counter.takes(recorded("charge-create"))
        assert (told.status, told.json["status"]) == (201, status)
        assert told.json.keys() == RESOURCE
        assert told.headers["Content-Type"] == "application/json"
        assert told.headers["Cache-Control"] == "no-store"
        assert "Retry-After" not in told.headers

    def test_come_with_the_address_of_the_payment_on_the_stage_that_was_asked(self, counter: Counter) -> None:
        assert counter.takes(recorded("charge-create")).headers["Location"] == f"/v1/charges/{PAYMENT_ID}"

    @pytest.mark.parametrize(
        ("path", "location"),
        [
            ("/charges", "/charges/"),
            ("/payments/charges", "/payments/charges/"),
            ("/charges/charges", "/charges/charges/"),
            ("/charges-api/charges", "/charges-api/charges/"),
        ],
    )
    def test_come_with_an_address_under_a_custom_domains_base_path(
        self, counter: Counter, path: str, location: str
    ) -> None:
        event = recorded("charge-create")
        event["requestContext"]["path"] = path
        assert counter.takes(event).headers["Location"] == location + PAYMENT_ID

    def test_are_those_of_the_request_however_it_was_encoded(self, counter: Counter) -> None:
        assert counter.takes(recorded("charge-create-base64")).json["id"] == PAYMENT_ID
        (submission,) = counter.gateway.submissions
        assert submission.card is not None
        assert submission.card.number == "4111111111111111"


class TestTheWebhookAddress:
    def test_is_the_apis_own_when_no_other_is_configured(self, counter: Counter) -> None:
        counter.takes(recorded("charge-create"))
        domain = recorded("charge-create")["requestContext"]["domainName"]
        (submission,) = counter.gateway.submissions
        token = token_of(PAYMENT_ID, TOKEN_KEY)
        assert submission.webhook_url == f"https://{domain}/v1/webhooks/pay-agency/{PAYMENT_ID}/{token}"

    def test_is_the_configured_one(self) -> None:
        counter = Counter(public_base_url="https://pay.example/api")
        counter.takes(recorded("charge-create"))
        (submission,) = counter.gateway.submissions
        assert submission.webhook_url.startswith(f"https://pay.example/api/webhooks/pay-agency/{PAYMENT_ID}/")

    def test_is_the_one_the_recorded_webhooks_come_to(self) -> None:
        asked = recorded("webhook-succeeded")["pathParameters"]
        assert asked == {"payment_id": PAYMENT_ID, "token": token_of(PAYMENT_ID, TOKEN_KEY)}


class TestDoubt:
    def test_is_answered_202_with_where_and_when_to_look_again(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NoAnswer("no answer (ReadTimeoutError)"), booked="SUCCESS"))
        told = counter.takes(recorded("charge-create"))
        assert (told.status, told.json["status"]) == (202, "processing")
        assert told.headers["Location"].endswith(PAYMENT_ID)
        assert int(told.headers["Retry-After"]) > 0

    @pytest.mark.parametrize("said", ["INIT", "QUARANTINED"])
    def test_is_a_status_that_is_no_verdict(self, counter: Counter, said: str) -> None:
        counter.gateway.will(Answers(said))
        told = counter.takes(recorded("charge-create"))
        assert (told.status, told.json["status"]) == (202, "processing")
        assert "Retry-After" in told.headers

    def test_is_never_sent_again(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NoAnswer("no answer"), booked="SUCCESS"))
        answers = [counter.takes(recorded("charge-create")) for _ in range(3)]
        assert [told.status for told in answers] == [202, 202, 202]
        assert len(counter.gateway.submissions) == 1

    def test_is_an_answer_that_speaks_of_another_amount(self, counter: Counter) -> None:
        counter.gateway.will(Answers("SUCCESS", {"amount": 10000}))
        told = counter.takes(recorded("charge-create"))
        assert (told.status, told.json["status"]) == (202, "needs_review")
        assert "Retry-After" not in told.headers, "a human must look: polling helps nobody"


class TestRepeats:
    def test_get_the_payment_as_it_is_now_under_the_first_code(self, counter: Counter) -> None:
        first = counter.takes(recorded("charge-create"))
        counter.gateway.book[0].raw_status = "SUCCESS"
        counter.takes(recorded("charge-refresh"))
        again = counter.takes(recorded("charge-create"))
        assert (first.status, again.status) == (201, 201)
        assert (first.json["status"], again.json["status"]) == ("requires_action", "succeeded")
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.headers["Location"] == first.headers["Location"]
        assert len(counter.gateway.submissions) == 1

    def test_of_a_doubt_that_was_settled_keep_202(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NoAnswer("no answer"), booked="SUCCESS"))
        assert counter.takes(recorded("charge-create")).status == 202
        counter.takes(recorded("charge-refresh"))
        again = counter.takes(recorded("charge-create"))
        assert (again.status, again.json["status"]) == (202, "succeeded")
        assert "Retry-After" not in again.headers

    def test_may_have_a_mistyped_cvv_put_right_but_nothing_else(self, counter: Counter) -> None:
        counter.charges()
        assert counter.charges(card_cvv="123").status == 201
        assert problem(counter.charges(amount=101)) == (422, "idempotency_key_reused", "never")
        assert len(counter.gateway.submissions) == 1

    def test_are_one_callers_own(self, counter: Counter) -> None:
        event = charge(order_id=None)
        mine = counter.takes(event).json["id"]
        event["requestContext"]["identity"]["userArn"] = "arn:aws:sts::123456789012:assumed-role/another/session"
        assert counter.takes(event).json["id"] != mine
        event["requestContext"]["identity"]["userArn"] = "arn:aws:sts::123456789012:assumed-role/shop-backend/other"
        assert counter.takes(event).json["id"] == mine, "another session of the same role is the same caller"


class TestOrders:
    def test_in_flight_take_no_second_payment(self, counter: Counter) -> None:
        counter.charges()
        told = counter.charges("another key")  # a key with a space is refused before anything else
        assert problem(told) == (400, "idempotency_key_invalid", "never")
        told = counter.charges("another-key")
        assert problem(told) == (409, "order_payment_in_progress", "after")
        assert told.headers["Location"] == f"/v1/charges/{PAYMENT_ID}"
        assert told.json["payment_id"] == PAYMENT_ID

    def test_paid_take_no_second_payment(self, counter: Counter) -> None:
        counter.gateway.will(Answers("SUCCESS"))
        counter.charges()
        told = counter.charges("another-key")
        assert problem(told) == (409, "order_already_paid", "never")
        assert told.headers["Location"] == f"/v1/charges/{PAYMENT_ID}"

    def test_that_failed_take_another_under_a_suffix(self, counter: Counter) -> None:
        counter.gateway.will(Answers("FAILED"), Answers("SUCCESS"))
        first, second = counter.charges(), counter.charges("another-key")
        assert (first.json["status"], second.json["status"]) == ("failed", "succeeded")
        assert [s.order_id for s in counter.gateway.submissions] == ["12524AGSDF34DS", "12524AGSDF34DS~2"]
        listed = counter.takes(recorded("charge-attempts")).json["data"]
        assert [payment["id"] for payment in listed] == [first.json["id"], second.json["id"]]


class TestRefusals:
    def test_by_the_gateway_of_a_field_are_told_by_field(self, counter: Counter) -> None:
        errors = (FieldError("phone_number", "refused_by_gateway", "phone_number is invalid"),)
        counter.gateway.will(Fails(Refused("Validation failed", errors)))
        told = counter.takes(recorded("charge-create"))
        assert problem(told) == (422, "refused_by_gateway", "never")
        assert told.json["errors"] == [
            {"field": "phone_number", "code": "refused_by_gateway", "message": "phone_number is invalid"}
        ]
        assert told.json["payment"]["status"] == "failed"
        assert told.headers["Location"].endswith(PAYMENT_ID)
        again = counter.takes(recorded("charge-create"))
        assert (again.status, again.headers["Idempotency-Replayed"]) == (422, "true")

    def test_by_the_gateway_of_our_key_are_our_fault(self, counter: Counter) -> None:
        counter.gateway.will(Fails(CredentialsRefused("the gateway refused our credentials")))
        told = counter.takes(recorded("charge-create"))
        assert problem(told) == (502, "gateway_credentials", "never")
        assert told.json["payment"]["status"] == "failed"

    def test_for_want_of_a_gateway_leave_nothing_and_may_be_repeated(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NotSent("not sent (NewConnectionError)")))
        told = counter.takes(recorded("charge-create"))
        assert problem(told) == (503, "gateway_unreachable", "same-key")
        assert int(told.headers["Retry-After"]) > 0
        assert counter.ledger.payments() == []
        again = counter.takes(recorded("charge-create"))
        assert (again.status, again.headers.get("Idempotency-Replayed")) == (201, None)

    def test_for_want_of_keys_leave_nothing_and_may_be_repeated(self, counter: Counter) -> None:
        counter.gateway.unready = SecretUnusable("the gateway's secret is not JSON")
        told = counter.takes(recorded("charge-create"))
        assert problem(told) == (503, "not_configured", "same-key")
        assert "Retry-After" in told.headers
        counter.gateway.unready, counter.token_key.usable = None, False
        assert problem(counter.takes(recorded("charge-create"))) == (503, "not_configured", "same-key")
        assert counter.ledger.payments() == []
        assert counter.gateway.submissions == []

    def test_of_a_request_that_nobody_signed(self, counter: Counter) -> None:
        event = recorded("charge-create")
        event["requestContext"]["identity"]["userArn"] = None
        assert problem(counter.takes(event)) == (403, "not_authenticated", "never")
        assert counter.ledger.payments() == []


class TestReading:
    def test_a_payment(self, counter: Counter) -> None:
        made = counter.takes(recorded("charge-create")).json
        told = counter.takes(recorded("charge-get"))
        assert (told.status, told.json) == (200, made)

    def test_a_payment_that_is_not_settled_says_when_to_look_again(self, counter: Counter) -> None:
        counter.gateway.will(Fails(NoAnswer("no answer"), booked="SUCCESS"))
        counter.takes(recorded("charge-create"))
        assert "Retry-After" in counter.takes(recorded("charge-get")).headers

    def test_afresh_asks_the_gateway_at_most_once_in_five_seconds(self, counter: Counter) -> None:
        counter.takes(recorded("charge-create"))
        for seconds, asked in ((0, 1), (4, 1), (1.001, 2)):
            counter.clock.forward(seconds=seconds)
            assert counter.takes(recorded("charge-refresh")).status == 200
            assert len(counter.gateway.asked) == asked

    def test_afresh_while_the_gateway_is_silent_tells_what_is_known(self, counter: Counter) -> None:
        counter.takes(recorded("charge-create"))
        counter.gateway.will_say(NoAnswer("no answer"))
        told = counter.takes(recorded("charge-refresh"))
        assert (told.status, told.json["status"]) == (200, "requires_action")

    def test_the_timeline(self, counter: Counter) -> None:
        counter.takes(recorded("charge-create"))
        entries = counter.takes(recorded("charge-timeline")).json["data"]
        assert [entry["metadata"]["sequence"] for entry in entries] == [1, 2]
        assert [entry["type"] for entry in entries] == ["payment.processing", "payment.requires_action"]
        assert [entry["published"] for entry in entries] == [False, False]

    @pytest.mark.parametrize("name", ["charge-get", "charge-refresh", "charge-timeline"])
    @pytest.mark.parametrize("payment_id", [PAYMENT_ID, "order#12524AGSDF34DS", "", "pay_", "a" * 3000, "\ud800", None])
    def test_what_is_not_there_is_not_found(self, counter: Counter, name: str, payment_id: str | None) -> None:
        event = recorded(name, pathParameters={"id": payment_id})
        assert problem(counter.takes(event)) == (404, "payment_not_found", "never")

    def test_an_order_that_nobody_tried_is_an_empty_list(self, counter: Counter) -> None:
        told = counter.takes(recorded("charge-attempts"))
        assert (told.status, told.json) == (200, {"data": []})

    @pytest.mark.parametrize("query", [None, {}, {"order_id": ""}, {"order": "12524AGSDF34DS"}])
    def test_no_order_at_all_is_a_mistake(self, counter: Counter, query: dict[str, str] | None) -> None:
        event = recorded("charge-attempts", queryStringParameters=query)
        assert problem(counter.takes(event)) == (400, "order_id_missing", "never")

    def test_what_is_no_route_is_not_found(self, counter: Counter) -> None:
        event = recorded("charge-get", resource="/charges/{id}/secrets")
        assert problem(counter.takes(event)) == (404, "not_found", "never")


class TestHeaders:
    @pytest.mark.parametrize("name", ["idempotency-key", "IDEMPOTENCY-KEY", "Idempotency-key"])
    def test_have_names_in_any_case(self, counter: Counter, name: str) -> None:
        event = recorded("charge-create")
        event["headers"] = {name: event["headers"]["Idempotency-Key"]}
        assert counter.takes(event).json["id"] == PAYMENT_ID

    @pytest.mark.parametrize("headers", [None, {}, {"Idempotency-Key": None}, {"X-Idempotency-Key": "k"}])
    def test_without_a_key_are_refused(self, counter: Counter, headers: dict[str, Any] | None) -> None:
        event = recorded("charge-create", headers=headers)
        assert problem(counter.takes(event)) == (400, "idempotency_key_missing", "never")

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\tb", "a\n", "\u00fc", "k" * 256, "\x7f"])
    def test_with_a_bad_key_are_refused(self, counter: Counter, key: str) -> None:
        assert problem(counter.charges(key)) == (400, "idempotency_key_invalid", "never")

    def test_that_come_twice_count_as_api_gateway_counts_them_the_last_one(self, counter: Counter) -> None:
        event = recorded("charge-create")
        event["multiValueHeaders"]["Idempotency-Key"] = ["first", event["headers"]["Idempotency-Key"]]
        assert counter.takes(event).json["id"] == PAYMENT_ID


class TestBodies:
    @pytest.mark.parametrize("body", [None, "", "{", "\ud800", b"\xff\xfe".decode("latin-1"), "nul", "[" * 30_000])
    def test_that_are_no_json_are_refused(self, counter: Counter, body: str | None) -> None:
        assert problem(counter.takes(recorded("charge-create", body=body))) == (400, "not_json", "never")

    @pytest.mark.parametrize("raw", [b"\xff\xfe{}", b"{", "{}".encode("utf-16"), b""])
    def test_that_are_binary_and_no_json_are_refused(self, counter: Counter, raw: bytes) -> None:
        event = recorded("charge-create-base64", body=base64.b64encode(raw).decode())
        assert problem(counter.takes(event)) == (400, "not_json", "never")

    @pytest.mark.parametrize("text", ["=", "no base64!", "e30", "\u00e9\u00e9\u00e9\u00e9"])
    def test_that_are_not_base64_though_they_say_so_are_refused(self, counter: Counter, text: str) -> None:
        assert problem(counter.takes(recorded("charge-create-base64", body=text))) == (400, "not_json", "never")

    @pytest.mark.parametrize("size", [65_537, 131_073, 6_000_000])
    def test_that_are_too_large_are_refused(self, counter: Counter, size: int) -> None:
        assert problem(counter.takes(recorded("charge-create", body=" " * size))) == (413, "too_large", "never")
        encoded = base64.b64encode(b" " * size).decode()
        assert problem(counter.takes(recorded("charge-create-base64", body=encoded))) == (413, "too_large", "never")

    def test_of_exactly_64_kib_are_read(self, counter: Counter) -> None:
        body = recorded("charge-create")["body"].ljust(65_536)
        assert counter.takes(recorded("charge-create", body=body)).status == 201


class TestBugs:
    def test_are_500_and_tell_nobody_anything(self, counter: Counter) -> None:
        secret = "4242424242424242 is what the bug quoted"
        counter.gateway.before_answer = exploding(secret)
        told = counter.takes(recorded("charge-create"))
        assert problem(told) == (500, "internal_error", "same-key")
        for value in (secret, "4242424242424242", "Exploded", "Traceback"):
            assert value not in told.text
        assert "Exploded" in counter.console.read(), "whoever is woken needs the type"
        assert "4242424242424242" not in counter.console.read()
        again = counter.takes(recorded("charge-create"))
        assert (again.status, again.json["status"]) == (202, "processing")
        assert len(counter.gateway.submissions) == 1, "the same key never sends again what may have arrived"

    def test_before_the_desk_is_open_are_500_as_well(self, counter: Counter) -> None:
        def closed() -> Any:
            raise RuntimeError("MAX_AMOUNT: 4242424242424242")

        counter.routes = closed  # type: ignore[method-assign]
        assert problem(counter.takes(recorded("charge-create"))) == (500, "internal_error", "same-key")
        assert "4242424242424242" not in counter.console.read()


class Exploded(Exception):
    """What no room declares."""


def exploding(text: str) -> Callable[[Booked], None]:
    def explode(booked: Booked) -> None:
        raise Exploded(text)

    return explode


def test_nothing_that_is_kept_or_logged_or_told_holds_the_card(counter: Counter) -> None:
    told = counter.takes(recorded("charge-create"))
    for text in (counter.ledger.dump(), counter.console.read(), told.text, json.dumps(dict(told.headers))):
        assert "4111111111111111" not in text
        assert '"029"' not in text
        assert "'029'" not in text
