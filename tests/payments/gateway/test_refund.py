"""A refund: the request, the meaning of each answer, and that it is sent once."""

import json
from dataclasses import replace

import pytest

from payments.gateway.circuit_breaker import FAILURES_TO_OPEN
from payments.gateway.credentials import Mode
from payments.model.status import Status
from payments.ports.gateway import AlreadyChargedBack, AlreadyRefunded, CredentialsRefused, NoAnswer, NotSent, Refused
from tests.fakes.samples import TRANSACTION_ID
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.exchanges import BUDGET
from tests.payments.gateway.gateway_calls import NEW, OLD, GatewayCalls, clock_at
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers, stays_silent, then_closes

REFUNDED = answers(200, envelope(refund={"status": True, "refund_date": "2027-01-31T09:30:00Z"}))
INVALID_KEY = answers(401, {"message": "Invalid Secret Key."})
ALREADY = {
    "Transaction has already been refunded.": AlreadyRefunded,
    "Transaction has already been charged back.": AlreadyChargedBack,
}


class TestRequest:
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_a_refund_is_plain_json_of_the_transaction_id_and_the_reason(self, mode: Mode) -> None:
        with rogue_server(REFUNDED) as server:
            GatewayCalls(server, OLD, mode=mode).client.refund(TRANSACTION_ID, "returned", 5)

            (request,) = server.requests
            assert request.line == f"POST /api/v1/{mode}/refund HTTP/1.1"
            assert request.header("authorization") == "Bearer PA_TEST_old"
            assert request.header("content-type") == "application/json"
            assert json.loads(request.body) == {"transaction_id": TRANSACTION_ID, "reason": "returned"}

    @pytest.mark.parametrize("reason", ['"}, "amount": 1, {"', "Zurückgeschickt 返品 😊", "a\\u0000b", "\u007f" * 255])
    def test_any_reason_is_sent_unchanged(self, reason: str) -> None:
        with rogue_server(REFUNDED) as server:
            GatewayCalls(server, OLD).client.refund(TRANSACTION_ID, reason, 5)

            assert json.loads(server.requests[0].body) == {"transaction_id": TRANSACTION_ID, "reason": reason}


class TestAnswer:
    @pytest.mark.parametrize("http_status", [200, 201, 400, 500])
    def test_a_refund_flag_counts_on_any_http_status(self, http_status: int) -> None:
        reply = envelope(refund={"status": True, "refund_date": "2027-01-31T09:30:00Z"})
        with rogue_server(answers(http_status, reply)) as server:
            transaction = GatewayCalls(server, OLD).refund()

            assert (transaction.refunded, transaction.transaction_id, transaction.verdict) == (
                True,
                TRANSACTION_ID,
                Status.SUCCEEDED,
            )
            assert transaction.refunded_at is not None
            assert len(server.requests) == 1

    def test_an_envelope_without_the_flag_is_no_refund(self) -> None:
        with rogue_server(answers(200, envelope())) as server:
            assert not GatewayCalls(server, OLD).refund().refunded


class TestAlreadyReturned:
    """The texts are documented, their HTTP code is not."""

    @pytest.mark.parametrize("http_status", [200, 400, 401, 403, 404, 409, 410, 422, 500])
    @pytest.mark.parametrize("message", ALREADY)
    def test_the_text_decides_and_the_refund_is_sent_once(self, message: str, http_status: int) -> None:
        with rogue_server(answers(http_status, {"message": message})) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            with pytest.raises(ALREADY[message]) as caught:
                gateway.refund()

            assert caught.value.message == message
            assert (len(server.requests), gateway.keyring.refreshes, gateway.telemetry.signals) == (1, 0, [])

    @pytest.mark.parametrize(
        ("message", "error"),
        [
            ("transaction HAS ALREADY BEEN REFUNDED", AlreadyRefunded),
            ("This transaction has already been charged back on 2027-01-31", AlreadyChargedBack),
        ],
    )
    def test_the_text_may_be_spelt_differently(self, message: str, error: type[Refused]) -> None:
        with rogue_server(answers(400, {"message": message})) as server, pytest.raises(error):
            GatewayCalls(server, OLD).refund()

    @pytest.mark.parametrize("message", ["Refund is pending.", "Already refunded?", "charged back", ""])
    def test_other_texts_are_plain_refusals(self, message: str) -> None:
        with rogue_server(answers(400, {"message": message})) as server, pytest.raises(Refused) as caught:
            GatewayCalls(server, OLD).refund()
        assert type(caught.value) is Refused

    @pytest.mark.parametrize("message", ALREADY)
    def test_the_text_does_not_count_in_an_envelope(self, message: str) -> None:
        """In an envelope the flags count."""
        with rogue_server(answers(200, envelope(message=message))) as server:
            assert not GatewayCalls(server, OLD).refund().refunded

    @pytest.mark.parametrize("message", ALREADY)
    def test_the_text_does_not_count_for_a_charge_or_a_status_query(self, message: str) -> None:
        with rogue_server(answers(400, {"message": message})) as server:
            for call in (GatewayCalls.charge, GatewayCalls.status):
                with pytest.raises(Refused) as caught:
                    call(GatewayCalls(server, OLD))
                assert type(caught.value) is Refused


class TestRefusal:
    @pytest.mark.parametrize("http_status", [400, 404, 422])
    def test_a_refusal_has_its_field_errors(self, http_status: int) -> None:
        reply = {"message": "Validation failed.", "errors": [{"field": "reason", "message": "is too long"}]}
        with rogue_server(answers(http_status, reply)) as server:
            with pytest.raises(Refused) as caught:
                GatewayCalls(server, OLD, NEW).refund()

            assert type(caught.value) is Refused
            assert [(error.field, error.message) for error in caught.value.errors] == [("reason", "is too long")]
            assert len(server.requests) == 1

    @pytest.mark.parametrize("http_status", [400, 422])
    def test_a_refusal_without_a_field_is_not_blamed_on_the_keys(self, http_status: int) -> None:
        """A refund is not encrypted, so a failed decryption cannot be the reason: no second request."""
        with rogue_server(answers(http_status, {"message": "Refunds are disabled."})) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            with pytest.raises(Refused, match="Refunds are disabled"):
                gateway.refund()

            assert (len(server.requests), gateway.keyring.refreshes) == (1, 0)

    @pytest.mark.parametrize("http_status", [408, 409, 425, 429])
    def test_an_inconclusive_4xx_is_no_answer(self, http_status: int) -> None:
        with rogue_server(answers(http_status, {"message": "A refund is in progress."})) as server:
            with pytest.raises(NoAnswer):
                GatewayCalls(server, OLD, NEW).refund()
            assert len(server.requests) == 1


class TestKeyRefused:
    @pytest.mark.parametrize("http_status", [401, 403])
    def test_a_refused_key_is_reloaded_and_the_refund_sent_once_more(self, http_status: int) -> None:
        with rogue_server(answers(http_status, {"message": "Invalid Secret Key."}), REFUNDED) as server:
            gateway = GatewayCalls(server, OLD, NEW)

            assert gateway.refund().refunded
            assert gateway.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]
            assert server.requests[0].body == server.requests[1].body

    def test_a_second_refusal_is_final(self) -> None:
        with rogue_server(INVALID_KEY) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            with pytest.raises(CredentialsRefused):
                gateway.refund()

            assert len(server.requests) == 2
            assert gateway.telemetry.signals == ["gateway_credentials_refused"]

    @pytest.mark.parametrize("second", [then_closes(), stays_silent], ids=["closed", "silence"])
    def test_a_second_try_without_an_answer_is_no_answer(self, second: object) -> None:
        with rogue_server(INVALID_KEY, second, REFUNDED) as server:  # type: ignore[arg-type]
            client = replace(GatewayCalls(server, OLD, NEW).client, monotonic=clock_at(0, 0, 60 - BUDGET))
            with pytest.raises(NoAnswer):
                client.refund(TRANSACTION_ID, "returned", 60)
            assert len(server.requests) == 2

    def test_a_second_try_may_be_refused_as_already_returned(self) -> None:
        with rogue_server(INVALID_KEY, answers(400, {"message": next(iter(ALREADY))})) as server:
            with pytest.raises(AlreadyRefunded):
                GatewayCalls(server, OLD, NEW).refund()
            assert len(server.requests) == 2


class TestNotSent:
    def test_a_closed_port_is_not_sent(self) -> None:
        with rogue_server(REFUNDED) as server:
            gateway = GatewayCalls(server, OLD)
        with pytest.raises(NotSent):
            gateway.refund(BUDGET)
        assert server.requests == []

    def test_an_open_circuit_is_not_sent(self) -> None:
        with rogue_server(then_closes()) as server:
            gateway = GatewayCalls(server, OLD)
            for _ in range(FAILURES_TO_OPEN):
                with pytest.raises(NoAnswer):
                    gateway.refund()
            with pytest.raises(NotSent, match="circuit open"):
                gateway.refund()
            assert len(server.requests) == FAILURES_TO_OPEN
