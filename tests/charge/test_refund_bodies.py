"""What a shop may say of a refund: a reason, and nothing else. It goes to the gateway and stays nowhere."""

import base64
import json
from typing import Any

import pytest

from payments.model.gateway_transaction import GatewayTransaction
from tests.charge.charge_api import Counter, Told, problem
from tests.fakes.gateway import ScriptedGateway
from tests.recorded_events import recorded

CARD = "4242424242424242"


class Listening(ScriptedGateway):
    """Remembers the reasons."""

    def __init__(self) -> None:
        super().__init__()
        self.reasons: list[str] = []

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        self.reasons.append(reason)
        return super().refund(transaction_id, reason, seconds)


@pytest.fixture
def gateway() -> Listening:
    return Listening()


@pytest.fixture
def counter(gateway: Listening) -> Counter:
    counter = Counter(gateway=gateway)
    counter.paid()
    return counter


def fields(told: Told) -> list[tuple[str, str]]:
    assert problem(told) == (422, "invalid_request", "never")
    return [(each["field"], each["code"]) for each in told.json["errors"]]


class TestTheReason:
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
    def test_that_is_none_is_refused_and_not_echoed(self, counter: Counter, reason: Any, code: str) -> None:
        told = counter.refunds(reason=reason)
        assert fields(told) == [("reason", code)]
        assert not isinstance(reason, str) or not reason.strip() or json.dumps(reason)[1:-1] not in told.text
        assert counter.gateway.refund_posts == []

    def test_that_is_missing_or_null_is_refused(self, counter: Counter) -> None:
        assert fields(counter.takes(recorded("charge-refund", body="{}"))) == [("reason", "missing")]
        assert fields(counter.takes(recorded("charge-refund", body='{"reason": null}'))) == [("reason", "wrong_type")]

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
    def test_that_holds_a_card_number_is_refused_and_not_echoed(self, counter: Counter, reason: str) -> None:
        told = counter.refunds(reason=reason)

        assert fields(told) == [("reason", "holds_card_number")]
        for text in (told.text, counter.console.read(), counter.ledger.dump()):
            assert "4242" not in text
            assert "822463" not in text
        assert counter.gateway.refund_posts == []

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
    def test_goes_to_the_gateway_as_it_is_and_stays_nowhere(
        self, counter: Counter, gateway: Listening, reason: str
    ) -> None:
        told = counter.refunds(reason=reason)

        assert told.status == 201
        assert gateway.reasons == [reason]
        if len(reason) > 5:
            for text in (told.text, counter.console.read(), counter.ledger.dump()):
                assert reason not in text


class TestOtherFields:
    @pytest.mark.parametrize("amount", [100, 1, 0, -1, "1.00", 0.5, None, [], True])
    def test_an_amount_is_refused_with_why(self, counter: Counter, amount: Any) -> None:
        body = json.dumps({"reason": "half of it", "amount": amount})
        told = counter.takes(recorded("charge-refund", body=body))

        assert fields(told) == [("amount", "partial_refund_not_supported")]
        assert "the whole amount back, or nothing" in told.json["errors"][0]["message"]
        assert counter.gateway.refund_posts == []

    @pytest.mark.parametrize("name", ["currency", "transaction_id", "order_id", "Reason", "card_number"])
    def test_are_refused_by_name(self, counter: Counter, name: str) -> None:
        told = counter.refunds(**{name: CARD})
        assert fields(told) == [(name, "unknown_field")]
        assert CARD not in told.text

    @pytest.mark.parametrize("name", [CARD, "", "a\nb", "x" * 65, "\u00fc"])
    def test_whose_name_cannot_be_shown_are_refused_without_it(self, counter: Counter, name: str) -> None:
        told = counter.refunds(**{name: "x"})
        assert fields(told) == [("(unprintable)", "unknown_field")]
        assert CARD not in told.text

    def test_and_a_bad_reason_are_all_told_at_once(self, counter: Counter) -> None:
        told = counter.refunds(reason="", amount=50, note="x")
        assert fields(told) == [
            ("reason", "too_short"),
            ("amount", "partial_refund_not_supported"),
            ("note", "unknown_field"),
        ]


class TestBodies:
    @pytest.mark.parametrize("body", [None, "", "{", "nul", "\ud800", "[" * 30_000, '{"reason":"a","reason":"b"}'])
    def test_that_are_no_json_are_refused(self, counter: Counter, body: str | None) -> None:
        assert problem(counter.takes(recorded("charge-refund", body=body))) == (400, "not_json", "never")

    @pytest.mark.parametrize("body", ["null", "[]", '"returned"', "1", "true", '[{"reason": "x"}]'])
    def test_that_are_no_object_are_refused(self, counter: Counter, body: str) -> None:
        assert problem(counter.takes(recorded("charge-refund", body=body))) == (400, "not_an_object", "never")

    @pytest.mark.parametrize("size", [65_537, 6_000_000])
    def test_that_are_too_large_are_refused(self, counter: Counter, size: int) -> None:
        assert problem(counter.takes(recorded("charge-refund", body=" " * size))) == (413, "too_large", "never")

    def test_of_exactly_64_kib_are_read(self, counter: Counter) -> None:
        body = recorded("charge-refund")["body"].ljust(65_536)
        assert counter.takes(recorded("charge-refund", body=body)).status == 201

    def test_may_come_as_base64(self, counter: Counter, gateway: Listening) -> None:
        body = base64.b64encode('{"reason": "zurück"}'.encode()).decode()
        assert counter.takes(recorded("charge-refund", body=body, isBase64Encoded=True)).status == 201
        assert gateway.reasons == ["zurück"]

    def test_that_are_wrong_do_not_use_the_key_up(self, counter: Counter) -> None:
        counter.refunds(reason="")
        counter.refunds(amount=1)
        assert counter.refunds().status == 201


def test_the_sample_is_a_refund_of_the_sample_payment() -> None:
    event = recorded("charge-refund")
    assert event["pathParameters"] == recorded("charge-get")["pathParameters"]
    assert json.loads(event["body"]).keys() == {"reason"}
