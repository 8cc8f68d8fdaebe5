"""The client's requests, the meaning of each answer, and the number of requests that reach the gateway."""

import json
import re

import pytest

from local.simulator.crypto import decrypt
from payments.gateway.credentials import Mode
from payments.gateway.payloads import charge_payload
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, Refused, UnknownToGateway
from tests.fakes.samples import CARD_NUMBER, CVV, ORDER_ID, TRANSACTION_ID, submission
from tests.payments.gateway.envelopes import MINOR, envelope
from tests.payments.gateway.exchanges import BUDGET
from tests.payments.gateway.gateway_calls import EACH_CALL, NEW, OLD, Call, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import Behaviour, answers, sends, stays_silent, then_closes

SUCCESS = answers(200, envelope())
ERRORS = {"message": "Validation failed.", "errors": [{"field": "email", "message": "must be an email"}]}
UNCLEAR_ANSWERS: dict[str, Behaviour] = {
    "500 without an envelope": answers(500, {"message": "Internal error"}),
    "502 of a proxy": answers(502, raw=b"<html>Bad Gateway</html>"),
    "503 with errors": answers(503, {"errors": []}),
    "200 with a message": answers(200, {"message": "ok"}),
    "200 of nothing": answers(200, raw=b""),
    "garbage": answers(200, raw=b"\x00\xff\xfe garbage"),
    "truncated JSON": answers(200, raw=json.dumps(envelope()).encode()[:-2]),
    "a list": answers(200, [envelope()]),
    "a redirect": answers(302, {}, "Location: /api/v1/test/card"),
    "a redirect to repeat it": answers(307, raw=b""),
    "an envelope without a transaction": answers(200, {"status": "SUCCESS", "data": {}}),
    "a refusal with data": answers(422, {"message": "no", "data": {}}),
    "401 of a proxy": answers(401, raw=b"<html>Unauthorized</html>"),
    "403 of a firewall": answers(403, raw=b"<html>Request blocked</html>"),
    "404 of a proxy": answers(404, raw=b"<html>Not Found</html>"),
    "closed": then_closes(),
    "half a header": then_closes(sends(b"HTTP/1.1 200 OK\r\nContent-")),
    "silence": stays_silent,
}


class TestRequest:
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_charge_sends_only_the_encrypted_payload(self, mode: Mode) -> None:
        with rogue_server(SUCCESS) as server:
            GatewayCalls(server, OLD, mode=mode).charge()

            (request,) = server.requests
            assert request.line == f"POST /api/v1/{mode}/card HTTP/1.1"
            assert request.header("authorization") == "Bearer PA_TEST_old"
            assert request.header("content-type") == "application/json"
            body = json.loads(request.body)
            assert list(body) == ["payload"]
            assert decrypt(body["payload"], OLD.encryption_key.decode()) == charge_payload(submission(), MINOR)

    def test_a_charge_has_no_readable_card_data(self) -> None:
        with rogue_server(SUCCESS) as server:
            GatewayCalls(server, OLD).charge()

            sent = server.requests[0].head + server.requests[0].body.decode()
            assert not [text for text in (CARD_NUMBER, "James", "card_number") if text in sent]
            # A search for a part of the number could find it by chance in the hex, so the form is checked instead.
            assert re.fullmatch(rb'{"payload": "[0-9a-f]{32}:(?:[0-9a-f]{32})+"}', server.requests[0].body)

    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_status_query_has_the_order_id_in_a_path_without_a_version(self, mode: Mode) -> None:
        with rogue_server(SUCCESS) as server:
            GatewayCalls(server, OLD, mode=mode).client.status(f"{ORDER_ID}~2", 5)

            (request,) = server.requests
            assert request.line == f"GET /api/{mode}/status/{ORDER_ID}~2 HTTP/1.1"
            assert request.body == b""


class TestVerdict:
    """An envelope counts, whatever the HTTP status."""

    @pytest.mark.parametrize("http_status", [200, 201, 302, 400, 401, 403, 404, 422, 500, 502])
    @pytest.mark.parametrize(("word", "verdict"), [("SUCCESS", Status.SUCCEEDED), ("FAILED", Status.FAILED)])
    def test_the_verdict_is_that_of_the_envelope(self, http_status: int, word: str, verdict: Status) -> None:
        with rogue_server(answers(http_status, envelope(status=word))) as server:
            transaction = GatewayCalls(server, OLD).charge()

            assert (transaction.verdict, transaction.transaction_id) == (verdict, TRANSACTION_ID)
            assert len(server.requests) == 1

    def test_an_unknown_status_word_has_no_verdict(self) -> None:
        with rogue_server(answers(200, envelope(status="ON_HOLD"))) as server:
            assert GatewayCalls(server, OLD).charge().verdict is None

    def test_an_echoed_card_is_removed(self) -> None:
        with rogue_server(
            answers(200, envelope(status="FAILED", message=f"{CARD_NUMBER} with {CVV} is wrong"))
        ) as server:
            transaction = GatewayCalls(server, OLD).charge()

            assert CARD_NUMBER not in repr(transaction)
            assert CVV not in (transaction.message or "")


class TestRefused:
    @pytest.mark.parametrize("http_status", [400, 422])
    def test_a_refusal_with_field_errors(self, http_status: int) -> None:
        with rogue_server(answers(http_status, ERRORS)) as server:
            with pytest.raises(Refused) as caught:
                GatewayCalls(server, OLD).charge()

            assert caught.value.message == "Validation failed."
            assert [error.field for error in caught.value.errors] == ["email"]
            assert len(server.requests) == 1

    @pytest.mark.parametrize("http_status", [400, 422])
    @pytest.mark.parametrize(
        "reply", [{"message": "Please pass all mandatory fields"}, {"errors": []}, {"message": None}]
    )
    def test_a_refusal_with_less_than_a_message_and_errors(self, http_status: int, reply: object) -> None:
        with rogue_server(answers(http_status, reply)) as server, pytest.raises(Refused) as caught:
            GatewayCalls(server, OLD).charge()

        assert caught.value.message
        assert not isinstance(caught.value, CredentialsRefused | UnknownToGateway)

    def test_a_refusal_without_a_message_is_called_one(self) -> None:
        with rogue_server(answers(422, {"errors": []})) as server, pytest.raises(Refused) as caught:
            GatewayCalls(server, OLD).charge()

        assert caught.value.message == "the gateway refused the request"

    def test_a_refusal_does_not_quote_the_card(self) -> None:
        reply = {"message": f"no {CARD_NUMBER}", "errors": [{"field": "city", "message": f"{CARD_NUMBER} {CVV}"}]}
        with rogue_server(answers(422, reply)) as server, pytest.raises(Refused) as caught:
            GatewayCalls(server, OLD).charge()

        shown = f"{caught.value} {caught.value.message} {caught.value.errors}"
        assert CARD_NUMBER not in shown
        assert CVV not in shown


def seconds_for(behaviour: Behaviour) -> float:
    """Only silence lasts as long as the limit; anything else may take as long as a busy machine needs."""
    return BUDGET if behaviour is stays_silent else 5.0


class TestNoAnswer:
    """The request left and its outcome is unknown: NoAnswer, and no second request."""

    @pytest.mark.parametrize("behaviour", UNCLEAR_ANSWERS.values(), ids=list(UNCLEAR_ANSWERS))
    @EACH_CALL
    def test_an_unclear_answer_raises_no_answer_and_is_not_repeated(self, behaviour: Behaviour, call: Call) -> None:
        with rogue_server(behaviour, SUCCESS) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            with pytest.raises(NoAnswer):
                call(gateway, seconds_for(behaviour))

            assert len(server.requests) == 1
            assert gateway.keyring.refreshes == 0

    @pytest.mark.parametrize("behaviour", UNCLEAR_ANSWERS.values(), ids=list(UNCLEAR_ANSWERS))
    def test_the_error_does_not_quote_the_answer(self, behaviour: Behaviour) -> None:
        with rogue_server(behaviour) as server, pytest.raises(NoAnswer) as caught:
            GatewayCalls(server, OLD).charge(seconds_for(behaviour))

        assert str(caught.value).startswith(("HTTP ", "no answer ("))
        assert len(str(caught.value)) < 50


PAYMENT_ROUTES = ["No Route to this payment", "route of the order"]
ROUTERS = ["Not Found", "Cannot GET /api/test/status/order-1", "no Route matched with those values", ""]


class TestUnknown:
    @pytest.mark.parametrize(
        "reply", [{"message": "Transaction not found."}, {"message": "No such payment", "errors": []}]
    )
    def test_a_404_with_only_a_message_is_an_unknown_payment(self, reply: object) -> None:
        with rogue_server(answers(404, reply)) as server:
            with pytest.raises(UnknownToGateway):
                GatewayCalls(server, OLD).status()
            assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "message", ["Route not found", "Route not found.", "route not found: GET", *PAYMENT_ROUTES, *ROUTERS]
    )
    def test_a_missing_route_is_not_an_unknown_payment(self, message: str) -> None:
        """Otherwise two such answers within an hour would mark a payment as never arrived."""
        with rogue_server(answers(404, {"message": message})) as server, pytest.raises(NoAnswer):
            GatewayCalls(server, OLD).status()

    def test_an_envelope_with_a_404_is_a_payment(self) -> None:
        with rogue_server(answers(404, envelope(status="PENDING"))) as server:
            assert GatewayCalls(server, OLD).status().verdict is Status.PENDING

    def test_a_404_for_a_charge_is_a_refusal(self) -> None:
        with rogue_server(answers(404, {"message": "Route not found"})) as server, pytest.raises(Refused) as caught:
            GatewayCalls(server, OLD).charge()
        assert not isinstance(caught.value, UnknownToGateway)
