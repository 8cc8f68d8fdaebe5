"""The body of a refund: a reason and nothing else. The reason is sent to the gateway and stored nowhere."""

import base64
import json
from typing import Any

import pytest

from payments.model.gateway_transaction import GatewayTransaction
from tests.charge.charge_api import ChargeApi, Response, problem
from tests.fakes.gateway import ScriptedGateway
from tests.recorded_events import recorded

CARD = "4242424242424242"


class ReasonRecorder(ScriptedGateway):
    """A gateway that records the reasons it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        self.reasons.append(reason)
        return super().refund(transaction_id, reason, seconds)


@pytest.fixture
def gateway() -> ReasonRecorder:
    return ReasonRecorder()


@pytest.fixture
def api(gateway: ReasonRecorder) -> ChargeApi:
    api = ChargeApi(gateway=gateway)
    api.paid_payment()
    return api


def fields(response: Response) -> list[tuple[str, str]]:
    assert problem(response) == (422, "invalid_request", "never")
    return [(each["field"], each["code"]) for each in response.json["errors"]]


class TestReason:
    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("", "too_short"),
            ("x" * 256, "too_long"),
            (" " * 5, "printable"),
            ("line\nbreak", "printable"),
            ("tab\there", "printable"),
            ("nul\x00", "printable"),
            ("bell\x07", "printable"),
            ("\u2028", "printable"),
            ("\u202egnorw", "printable"),
            ("zero\u200bwidth", "printable"),
            ("\x7f", "printable"),
            ("half a pair \ud800", "wrong_type"),
            (7, "wrong_type"),
            (True, "wrong_type"),
            (["returned"], "wrong_type"),
            ({"text": "returned"}, "wrong_type"),
        ],
    )
    def test_an_invalid_reason_is_refused_and_not_echoed(self, api: ChargeApi, reason: Any, code: str) -> None:
        response = api.refund(reason=reason)
        assert fields(response) == [("reason", code)]
        assert not isinstance(reason, str) or not reason.strip() or json.dumps(reason)[1:-1] not in response.text
        assert api.gateway.refund_posts == []

    def test_a_missing_or_null_reason_is_refused(self, api: ChargeApi) -> None:
        assert fields(api.send(recorded("charge-refund", body="{}"))) == [("reason", "missing")]
        assert fields(api.send(recorded("charge-refund", body='{"reason": null}'))) == [("reason", "wrong_type")]

    @pytest.mark.parametrize(
        "reason",
        [
            CARD,
            f"refund {CARD} please",
            "4242 4242 4242 4242",
            "4242-4242-4242-4242",
            "4242.4242.4242.4242",
            "card: 3782 822463 10005",
            "4242  4242  4242  4242",
            "4242 - 4242 - 4242 - 4242",
            "4242/4242/4242/4242",
            f"2 of {CARD}, 12/30",
            "2 4242 4242 4242 4242 12 30",
            f"card{CARD}!",
        ],
    )
    def test_a_reason_with_a_card_number_is_refused_and_not_echoed(self, api: ChargeApi, reason: str) -> None:
        response = api.refund(reason=reason)

        assert fields(response) == [("reason", "holds_card_number")]
        for text in (response.text, api.console.read(), api.ledger.dump()):
            assert "4242" not in text
            assert "822463" not in text
        assert api.gateway.refund_posts == []

    @pytest.mark.parametrize(
        "reason",
        [
            "x",
            "x" * 255,
            "4242424242424241 has a wrong check digit",
            "transaction PA4242424242424242, before FS4242424242424242",
            "4917610000000000000 and 34917610000000000000",
            "order 12524, invoice 2027-01-31/0042, 3 of 4 items",
            "'; DROP TABLE payments; --",
            "<script>alert(1)</script>",
            '"}, "amount": 1, "x": {"',
            "{{7*7}} ${jndi:ldap://x} %s %n ../../etc/passwd",
            "Zurückgeschickt; 返品要求; 😊",
            "\\u0000\\n",
        ],
    )
    def test_a_reason_is_sent_unchanged_and_stored_nowhere(
        self, api: ChargeApi, gateway: ReasonRecorder, reason: str
    ) -> None:
        response = api.refund(reason=reason)

        assert response.status == 201
        assert gateway.reasons == [reason]
        if len(reason) > 5:
            for text in (response.text, api.console.read(), api.ledger.dump()):
                assert reason not in text


class TestOtherFields:
    @pytest.mark.parametrize("amount", [100, 1, 0, -1, "1.00", 0.5, None, [], True])
    def test_an_amount_is_refused_with_an_explanation(self, api: ChargeApi, amount: Any) -> None:
        body = json.dumps({"reason": "half of it", "amount": amount})
        response = api.send(recorded("charge-refund", body=body))

        assert fields(response) == [("amount", "partial_refund_not_supported")]
        assert "the whole amount back, or nothing" in response.json["errors"][0]["message"]
        assert api.gateway.refund_posts == []

    @pytest.mark.parametrize("name", ["currency", "transaction_id", "order_id", "Reason", "card_number"])
    def test_an_unknown_field_is_refused_by_name(self, api: ChargeApi, name: str) -> None:
        response = api.refund(**{name: CARD})
        assert fields(response) == [(name, "unknown_field")]
        assert CARD not in response.text

    @pytest.mark.parametrize("name", [CARD, "", "a\nb", "x" * 65, "\u00fc"])
    def test_an_unprintable_name_is_refused_and_not_echoed(self, api: ChargeApi, name: str) -> None:
        response = api.refund(**{name: "x"})
        assert fields(response) == [("(unprintable)", "unknown_field")]
        assert CARD not in response.text

    def test_all_invalid_fields_are_listed_at_once(self, api: ChargeApi) -> None:
        response = api.refund(reason="", amount=50, note="x")
        assert fields(response) == [
            ("reason", "too_short"),
            ("amount", "partial_refund_not_supported"),
            ("note", "unknown_field"),
        ]


class TestBody:
    @pytest.mark.parametrize("body", [None, "", "{", "nul", "\ud800", "[" * 30_000, '{"reason":"a","reason":"b"}'])
    def test_a_body_that_is_not_json_is_400(self, api: ChargeApi, body: str | None) -> None:
        assert problem(api.send(recorded("charge-refund", body=body))) == (400, "not_json", "never")

    @pytest.mark.parametrize("body", ["null", "[]", '"returned"', "1", "true", '[{"reason": "x"}]'])
    def test_a_body_that_is_no_object_is_400(self, api: ChargeApi, body: str) -> None:
        assert problem(api.send(recorded("charge-refund", body=body))) == (400, "not_an_object", "never")

    @pytest.mark.parametrize("size", [65_537, 6_000_000])
    def test_a_body_above_64_kib_is_413(self, api: ChargeApi, size: int) -> None:
        assert problem(api.send(recorded("charge-refund", body=" " * size))) == (413, "too_large", "never")

    def test_a_body_of_exactly_64_kib_is_read(self, api: ChargeApi) -> None:
        body = recorded("charge-refund")["body"].ljust(65_536)
        assert api.send(recorded("charge-refund", body=body)).status == 201

    def test_a_base64_body_is_read(self, api: ChargeApi, gateway: ReasonRecorder) -> None:
        body = base64.b64encode('{"reason": "zurück"}'.encode()).decode()
        assert api.send(recorded("charge-refund", body=body, isBase64Encoded=True)).status == 201
        assert gateway.reasons == ["zurück"]

    def test_an_invalid_body_does_not_use_the_key(self, api: ChargeApi) -> None:
        api.refund(reason="")
        api.refund(amount=1)
        assert api.refund().status == 201


def test_the_sample_event_refunds_the_sample_payment() -> None:
    event = recorded("charge-refund")
    assert event["pathParameters"] == recorded("charge-get")["pathParameters"]
    assert json.loads(event["body"]).keys() == {"reason"}
