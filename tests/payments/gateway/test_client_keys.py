"""A refused key is reloaded and tried once more; without keys or in an outage nothing is sent."""

import json
import time
from dataclasses import replace

import pytest

from local.simulator.crypto import decrypt
from payments.errors import SecretUnusable
from payments.gateway.circuit_breaker import FAILURES_TO_OPEN
from payments.gateway.credentials import GatewayKeys
from payments.gateway.payloads import charge_payload
from payments.model.status import Status
from payments.ports.gateway import CredentialsRefused, GatewayError, NoAnswer, NotSent, Refused
from tests.fakes.samples import submission
from tests.payments.gateway.envelopes import MINOR, envelope
from tests.payments.gateway.exchanges import BUDGET, within
from tests.payments.gateway.gateway_calls import EACH_CALL, NEW, OLD, Call, FakeKeyring, GatewayCalls, clock_at
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers, stays_silent, then_closes

INVALID_KEY = answers(401, {"message": "Invalid Secret Key."})
SUCCESS = answers(200, envelope())


class TestKeyRefused:
    @pytest.mark.parametrize("http_status", [401, 403])
    @EACH_CALL
    def test_a_refused_key_is_reloaded_and_tried_once_more(self, http_status: int, call: Call) -> None:
        with rogue_server(answers(http_status, {"message": "Invalid Secret Key."}), SUCCESS) as server:
            gateway = GatewayCalls(server, OLD, NEW)

            assert call(gateway, 5).verdict is Status.SUCCEEDED
            assert gateway.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]
            assert gateway.keyring.refreshes == 1

    def test_the_second_try_is_encrypted_with_the_new_key(self) -> None:
        with rogue_server(INVALID_KEY, SUCCESS) as server:
            GatewayCalls(server, OLD, NEW).charge()

            payload = json.loads(server.requests[1].body)["payload"]
            assert decrypt(payload, NEW.encryption_key.decode()) == charge_payload(submission(), MINOR)

    @EACH_CALL
    def test_a_second_refusal_is_final(self, call: Call) -> None:
        with rogue_server(INVALID_KEY) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            with pytest.raises(CredentialsRefused):
                call(gateway, 5)

            assert len(server.requests) == 2
            assert gateway.telemetry.facts_of("gateway_credentials_refused") == [{"http_status": 401}]

    def test_nothing_is_sent_again_under_the_same_keys(self) -> None:
        with rogue_server(INVALID_KEY) as server:
            gateway = GatewayCalls(server, OLD)
            for _ in range(2):
                with pytest.raises(CredentialsRefused):
                    gateway.charge()

            assert len(server.requests) == 2

    def test_there_is_no_second_try_without_enough_time(self) -> None:
        with rogue_server(INVALID_KEY) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            with pytest.raises(CredentialsRefused):
                gateway.charge(1.0)

            assert (len(server.requests), gateway.keyring.refreshes) == (1, 0)

    @pytest.mark.parametrize(("gone", "tries"), [(3.0, 1), (2.9, 2)])
    def test_a_second_try_needs_more_than_two_seconds(self, gone: float, tries: int) -> None:
        with rogue_server(INVALID_KEY) as server:
            client = replace(GatewayCalls(server, OLD, NEW).client, monotonic=clock_at(0, gone, gone))
            with pytest.raises(CredentialsRefused):
                client.charge(submission(), 5)
            assert len(server.requests) == tries

    def test_the_second_try_has_only_the_remaining_time(self) -> None:
        with rogue_server(INVALID_KEY, stays_silent) as server:
            client = replace(GatewayCalls(server, OLD, NEW).client, monotonic=clock_at(0, 0, 60 - BUDGET))
            with within(BUDGET), pytest.raises(NoAnswer):
                client.charge(submission(), 60)

            assert len(server.requests) == 2

    def test_a_second_try_without_an_answer_is_no_answer(self) -> None:
        with rogue_server(INVALID_KEY, then_closes()) as server:
            with pytest.raises(NoAnswer):
                GatewayCalls(server, OLD, NEW).charge()
            assert len(server.requests) == 2

    def test_the_refused_key_is_not_in_the_error(self) -> None:
        with rogue_server(INVALID_KEY) as server, pytest.raises(CredentialsRefused) as caught:
            GatewayCalls(server, OLD).charge()
        assert "PA_TEST" not in str(caught.value) + repr(caught.value)


class TestReadiness:
    def test_a_client_without_keys_is_not_ready(self) -> None:
        with rogue_server(SUCCESS) as server, pytest.raises(SecretUnusable):
            GatewayCalls(server).client.ensure_ready()

    def test_a_client_is_not_ready_during_an_outage(self) -> None:
        with rogue_server(then_closes()) as server:
            gateway = GatewayCalls(server, OLD)
            for _ in range(FAILURES_TO_OPEN):
                gateway.client.ensure_ready()
                with pytest.raises(GatewayError):
                    gateway.charge()

            with pytest.raises(NotSent, match="circuit open"):
                gateway.client.ensure_ready()

    def test_a_decline_or_a_refusal_does_not_open_the_circuit(self) -> None:
        with rogue_server(answers(422, {"message": "no"}), answers(200, envelope(status="FAILED"))) as server:
            gateway = GatewayCalls(server, OLD)
            for _ in range(2 * FAILURES_TO_OPEN):
                try:
                    gateway.charge()
                except Refused:
                    continue
            gateway.client.ensure_ready()

    def test_the_repr_of_a_client_shows_no_key(self) -> None:
        with rogue_server(SUCCESS) as server:
            gateway = GatewayCalls(server, OLD)
            shown = repr(replace(gateway.client, monotonic=time.monotonic)) + repr(gateway.keyring.keys)
        assert "PA_TEST" not in shown


class RotatedKeyring(FakeKeyring):
    """A keyring during a rotation: a refresh loads the current and the previous version."""

    def __init__(self, cached: GatewayKeys, current: GatewayKeys, previous: GatewayKeys | None = None) -> None:
        super().__init__(cached)
        self._fresh = [current, previous] if previous else [current]

    def refresh(self) -> bool:
        self.refreshes += 1
        self.keys = list(self._fresh)
        return self.refreshes == 1


UNREADABLE = answers(400, {"message": "The payload could not be decrypted."})


class TestRotation:
    def test_a_payload_that_cannot_be_decrypted_is_sent_again_with_the_new_key(self) -> None:
        with rogue_server(UNREADABLE, SUCCESS) as server:
            gateway = GatewayCalls(server, OLD, NEW)
            assert gateway.charge().verdict is Status.SUCCEEDED
            assert gateway.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]

    def test_a_refusal_for_another_reason_is_not_repeated(self) -> None:
        with rogue_server(answers(422, {"message": "no", "errors": [{"field": "zip", "message": "no"}]})) as server:
            with pytest.raises(Refused):
                GatewayCalls(server, keyring=RotatedKeyring(OLD, NEW, OLD)).charge()
            assert len(server.requests) == 1

    def test_a_refusal_under_unchanged_keys_is_not_repeated(self) -> None:
        with rogue_server(UNREADABLE) as server:
            with pytest.raises(Refused):
                GatewayCalls(server, OLD).charge()
            assert len(server.requests) == 1

    def test_the_previous_key_is_never_sent(self) -> None:
        with rogue_server(UNREADABLE) as server:
            with pytest.raises(Refused, match="decrypted"):
                GatewayCalls(server, keyring=RotatedKeyring(NEW, NEW, OLD)).charge()
            assert len(server.requests) == 1

    def test_no_further_key_is_tried_after_no_answer(self) -> None:
        with rogue_server(INVALID_KEY, then_closes(), SUCCESS) as server:
            with pytest.raises(NoAnswer):
                GatewayCalls(server, keyring=RotatedKeyring(OLD, NEW, OLD)).charge()
            assert len(server.requests) == 2


def test_an_error_of_a_proxy_counts_as_an_outage() -> None:
    with rogue_server(answers(502, raw=b"<html>Bad Gateway</html>")) as server:
        gateway = GatewayCalls(server, OLD)
        for _ in range(FAILURES_TO_OPEN):
            with pytest.raises(NoAnswer):
                gateway.charge()
        with pytest.raises(NotSent, match="circuit open"):
            gateway.client.ensure_ready()


@pytest.mark.parametrize("http_status", [408, 409, 425, 429])
def test_an_inconclusive_4xx_is_no_answer(http_status: int) -> None:
    with rogue_server(answers(http_status, {"message": "Duplicate order."})) as server:
        with pytest.raises(NoAnswer):
            GatewayCalls(server, OLD).charge()
        assert len(server.requests) == 1
