"""A bare 401 or 403: nothing is sent again under the same keys, and only documented words prove a refusal.

The code of a bad key is in no document. A proxy may answer 401 after the gateway has booked the charge.
"""

import pytest

from payments.gateway.circuit_breaker import FAILURES_TO_OPEN
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, NoAnswer, NotSent
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.gateway_calls import EACH_CALL, NEW, OLD, Call, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers

PROOFS = ["Invalid Secret Key.", "Authentication token is missing.", "INVALID SECRET KEY"]
NO_PROOFS = ["Unauthorized", "Forbidden", "Access denied.", "The secret key of this session has expired", ""]
SUCCESS = answers(200, envelope())


@pytest.mark.parametrize("http_status", [401, 403])
@pytest.mark.parametrize("message", [*PROOFS, *NO_PROOFS])
@EACH_CALL
def test_nothing_is_sent_again_under_the_same_keys(http_status: int, message: str, call: Call) -> None:
    with rogue_server(answers(http_status, {"message": message}), SUCCESS) as server:
        with pytest.raises(CredentialsRefused if message in PROOFS else NoAnswer):
            call(GatewayCalls(server, OLD), 5)
        assert len(server.requests) == 1


@pytest.mark.parametrize("message", [*PROOFS, *NO_PROOFS])
@EACH_CALL
def test_other_keys_are_tried_once(message: str, call: Call) -> None:
    with rogue_server(answers(401, {"message": message}), SUCCESS) as server:
        calls = GatewayCalls(server, OLD, NEW)
        assert call(calls, 5).verdict is Status.SUCCEEDED
        assert calls.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]


def test_a_refusal_may_have_an_empty_place_for_its_data() -> None:
    with rogue_server(answers(401, {"message": PROOFS[0], "data": None})) as server:
        calls = GatewayCalls(server, OLD)
        with pytest.raises(CredentialsRefused):
            calls.charge()
        assert calls.telemetry.facts_of("gateway_credentials_refused") == [{"http_status": 401}]


@pytest.mark.parametrize("http_status", [400, 401, 422])
@pytest.mark.parametrize("word", ["SUCCESS", "PENDING", "REDIRECT", "INIT", "FAILED"])
@pytest.mark.parametrize("without_data", [{}, {"data": None}], ids=str)
def test_a_reply_with_the_status_of_a_payment_is_no_refusal_and_sends_nothing_again(
    http_status: int, word: str, without_data: dict[str, None]
) -> None:
    reply = {"status": word, "message": "the result could not be loaded", **without_data}
    with rogue_server(answers(http_status, reply), SUCCESS) as server:
        with pytest.raises(NoAnswer):
            GatewayCalls(server, OLD, NEW).charge()
        assert len(server.requests) == 1


@pytest.mark.parametrize("message", NO_PROOFS)
def test_an_unproved_refusal_wakes_somebody_all_the_same(message: str) -> None:
    with rogue_server(answers(401, {"message": message})) as server:
        calls = GatewayCalls(server, OLD)
        with pytest.raises(NoAnswer):
            calls.charge()
        assert calls.telemetry.facts_of("gateway_credentials_refused") == [{"http_status": 401}]


class TestOutageInJson:
    """An outage that answers in JSON opens the circuit as one that answers in HTML does."""

    @pytest.mark.parametrize("http_status", [429, 500, 502, 503, 504])
    @pytest.mark.parametrize("without_data", [{}, {"data": None}, {"data": {}}], ids=str)
    def test_it_opens_the_circuit(self, http_status: int, without_data: dict[str, object]) -> None:
        with rogue_server(answers(http_status, {"message": "Service Unavailable", **without_data})) as server:
            calls = GatewayCalls(server, OLD)
            for _ in range(FAILURES_TO_OPEN):
                calls.client.ensure_ready()
                with pytest.raises(NoAnswer):
                    calls.charge()
            with pytest.raises(NotSent, match="circuit open"):
                calls.client.ensure_ready()

    @pytest.mark.parametrize("http_status", [429, 500, 503])
    def test_an_envelope_under_any_code_is_no_outage(self, http_status: int) -> None:
        with rogue_server(answers(http_status, envelope())) as server:
            calls = GatewayCalls(server, OLD)
            for _ in range(2 * FAILURES_TO_OPEN):
                assert calls.charge().verdict is Status.SUCCEEDED
            calls.client.ensure_ready()

    @pytest.mark.parametrize("http_status", [429, 503])
    def test_retry_after_opens_the_circuit_at_once_and_for_so_long(self, http_status: int) -> None:
        with rogue_server(answers(http_status, {"message": "Slow down"}, "Retry-After: 30"), SUCCESS) as server:
            calls = GatewayCalls(server, OLD)
            with pytest.raises(NoAnswer):
                calls.charge()
            calls.clock.forward(seconds=29)
            with pytest.raises(NotSent, match="circuit open"):
                calls.client.ensure_ready()
            calls.clock.forward(seconds=2)
            calls.client.ensure_ready()
            assert calls.charge().verdict is Status.SUCCEEDED

    def test_a_query_is_not_sent_while_the_gateway_asks_to_wait(self) -> None:
        with rogue_server(answers(429, {"message": "Slow down"}, "Retry-After: 30"), SUCCESS) as server:
            calls = GatewayCalls(server, OLD)
            with pytest.raises(NoAnswer):
                calls.status()
            with pytest.raises(NotSent, match="asked to wait"):
                calls.status()
            assert len(server.requests) == 1
            calls.clock.forward(seconds=30)
            assert calls.status().verdict is Status.SUCCEEDED

    @pytest.mark.parametrize(
        "value", ["", "soon", "-5", "9" * 400, "1e3", "Wed, 21 Oct 2026 07:28:00 GMT", "\u0661\u0662"]
    )
    def test_an_odd_retry_after_is_no_reason_to_stop_for_long(self, value: str) -> None:
        with rogue_server(answers(429, {"message": "Slow down"}, f"Retry-After: {value}")) as server:
            calls = GatewayCalls(server, OLD)
            with pytest.raises(NoAnswer):
                calls.charge()
            calls.clock.forward(seconds=61)
            calls.client.ensure_ready()
