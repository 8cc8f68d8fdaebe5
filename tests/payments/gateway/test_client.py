"""The failure table of the design above the socket: what each answer means, and how often the gateway was asked."""

import json

import pytest

from local.simulator.crypto import decrypt
from payments.gateway.credentials import Mode
from payments.gateway.payloads import charge_payload
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, Refused, UnknownToGateway
from tests.fakes.samples import CARD_NUMBER, CVV, ORDER_ID, TRANSACTION_ID, submission
from tests.payments.gateway.envelopes import MINOR, envelope
from tests.payments.gateway.exchanges import BUDGET
from tests.payments.gateway.gateway_calls import EACH_CALL, NEW, OLD, Call, Counter
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import Play, answers, says_nothing, sends, then_closes

SUCCESS = answers(200, envelope())
ERRORS = {"message": "Validation failed.", "errors": [{"field": "email", "message": "must be an email"}]}
IN_DOUBT: dict[str, Play] = {
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
    "silence": says_nothing,
}


class TestRequest:
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_charge_is_the_encrypted_payload_and_nothing_else(self, mode: Mode) -> None:
        with rogue(SUCCESS) as server:
            Counter(server, OLD, mode=mode).charge()

            (request,) = server.requests
            assert request.line == f"POST /api/v1/{mode}/card HTTP/1.1"
            assert request.header("authorization") == "Bearer PA_TEST_old"
            assert request.header("content-type") == "application/json"
            body = json.loads(request.body)
            assert list(body) == ["payload"]
            assert decrypt(body["payload"], OLD.encryption_key.decode()) == charge_payload(submission(), MINOR)

    def test_no_card_is_readable_on_the_wire(self) -> None:
        with rogue(SUCCESS) as server:
            Counter(server, OLD).charge()

            sent = server.requests[0].head + server.requests[0].body.decode()
            assert not [text for text in (CARD_NUMBER, "4111", "James", "card_number") if text in sent]

    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_status_is_asked_by_order_id_on_the_path_without_a_version(self, mode: Mode) -> None:
        with rogue(SUCCESS) as server:
            Counter(server, OLD, mode=mode).client.status(f"{ORDER_ID}~2", 5)

            (request,) = server.requests
            assert request.line == f"GET /api/{mode}/status/{ORDER_ID}~2 HTTP/1.1"
            assert request.body == b""


class TestVerdict:
    """An envelope counts on every HTTP status."""

    @pytest.mark.parametrize("http_status", [200, 201, 302, 400, 401, 403, 404, 422, 500, 502])
    @pytest.mark.parametrize(("said", "verdict"), [("SUCCESS", Status.SUCCEEDED), ("FAILED", Status.FAILED)])
    def test_is_what_the_envelope_says(self, http_status: int, said: str, verdict: Status) -> None:
        with rogue(answers(http_status, envelope(status=said))) as server:
            transaction = Counter(server, OLD).charge()

            assert (transaction.verdict, transaction.transaction_id) == (verdict, TRANSACTION_ID)
            assert len(server.requests) == 1

    def test_an_unknown_word_is_a_report_without_a_verdict(self) -> None:
        with rogue(answers(200, envelope(status="ON_HOLD"))) as server:
            assert Counter(server, OLD).charge().verdict is None

    def test_an_echoed_card_does_not_come_through(self) -> None:
        with rogue(answers(200, envelope(status="FAILED", message=f"{CARD_NUMBER} with {CVV} is wrong"))) as server:
            transaction = Counter(server, OLD).charge()

            assert CARD_NUMBER not in repr(transaction)
            assert CVV not in (transaction.message or "")


class TestRefused:
    @pytest.mark.parametrize("http_status", [400, 422])
    def test_with_errors(self, http_status: int) -> None:
        with rogue(answers(http_status, ERRORS)) as server:
            with pytest.raises(Refused) as caught:
                Counter(server, OLD).charge()

            assert caught.value.message == "Validation failed."
            assert [error.field for error in caught.value.errors] == ["email"]
            assert len(server.requests) == 1

    @pytest.mark.parametrize("http_status", [400, 422])
    @pytest.mark.parametrize(
        "told", [{"message": "Please pass all mandatory fields"}, {"errors": []}, {"message": None}]
    )
    def test_with_less(self, http_status: int, told: object) -> None:
        with rogue(answers(http_status, told)) as server, pytest.raises(Refused) as caught:
            Counter(server, OLD).charge()

        assert caught.value.message
        assert not isinstance(caught.value, CredentialsRefused | UnknownToGateway)

    def test_and_an_echoed_card_does_not_come_through(self) -> None:
        told = {"message": f"no {CARD_NUMBER}", "errors": [{"field": "city", "message": f"{CARD_NUMBER} {CVV}"}]}
        with rogue(answers(422, told)) as server, pytest.raises(Refused) as caught:
            Counter(server, OLD).charge()

        shown = f"{caught.value} {caught.value.message} {caught.value.errors}"
        assert CARD_NUMBER not in shown
        assert CVV not in shown


class TestInDoubt:
    """It left, and nobody knows: NoAnswer, and one request only."""

    @pytest.mark.parametrize("play", IN_DOUBT.values(), ids=list(IN_DOUBT))
    @EACH_CALL
    def test_nobody_knows(self, play: Play, call: Call) -> None:
        with rogue(play, SUCCESS) as server:
            counter = Counter(server, OLD, NEW)
            with pytest.raises(NoAnswer):
                call(counter, BUDGET)

            assert len(server.requests) == 1
            assert counter.ring.refreshes == 0

    @pytest.mark.parametrize("play", IN_DOUBT.values(), ids=list(IN_DOUBT))
    def test_the_reason_quotes_no_answer(self, play: Play) -> None:
        with rogue(play) as server, pytest.raises(NoAnswer) as caught:
            Counter(server, OLD).charge(BUDGET)

        assert str(caught.value).startswith(("HTTP ", "no answer ("))
        assert len(str(caught.value)) < 50


ROUTERS = ["Not Found", "Cannot GET /api/test/status/order-1", "no Route matched with those values", ""]


class TestUnknown:
    @pytest.mark.parametrize(
        "told", [{"message": "Transaction not found."}, {"message": "No such payment", "errors": []}]
    )
    def test_a_404_with_a_bare_message_is_an_unknown_payment(self, told: object) -> None:
        with rogue(answers(404, told)) as server:
            with pytest.raises(UnknownToGateway):
                Counter(server, OLD).status()
            assert len(server.requests) == 1

    @pytest.mark.parametrize("message", ["Route not found", "Route not found.", "route not found: GET", *ROUTERS])
    def test_a_route_that_is_not_there_says_nothing_of_the_payment(self, message: str) -> None:
        """Two of those and an hour would make "never arrived" of a payment that nobody could ask for."""
        with rogue(answers(404, {"message": message})) as server, pytest.raises(NoAnswer):
            Counter(server, OLD).status()

    def test_found_with_a_404_is_found(self) -> None:
        with rogue(answers(404, envelope(status="PENDING"))) as server:
            assert Counter(server, OLD).status().verdict is Status.PENDING

    def test_a_404_to_a_charge_is_a_refusal(self) -> None:
        with rogue(answers(404, {"message": "Route not found"})) as server, pytest.raises(Refused) as caught:
            Counter(server, OLD).charge()
        assert not isinstance(caught.value, UnknownToGateway)
