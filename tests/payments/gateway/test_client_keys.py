"""A key that is refused is fetched anew and tried once more; and what must be there before anything is recorded."""

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
from tests.payments.gateway.gateway_calls import EACH_CALL, NEW, OLD, Call, Counter, Ring
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import answers, says_nothing, then_closes

INVALID_KEY = answers(401, {"message": "Invalid Secret Key."})
SUCCESS = answers(200, envelope())


class TestKeyRefused:
    @pytest.mark.parametrize("http_status", [401, 403])
    @EACH_CALL
    def test_it_is_fetched_anew_and_tried_once_more(self, http_status: int, call: Call) -> None:
        with rogue(answers(http_status, {"message": "Invalid Secret Key."}), SUCCESS) as server:
            counter = Counter(server, OLD, NEW)

            assert call(counter, 5).verdict is Status.SUCCEEDED
            assert counter.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]
            assert counter.ring.refreshes == 1

    def test_the_second_try_is_encrypted_with_the_new_key(self) -> None:
        with rogue(INVALID_KEY, SUCCESS) as server:
            Counter(server, OLD, NEW).charge()

            payload = json.loads(server.requests[1].body)["payload"]
            assert decrypt(payload, NEW.encryption_key.decode()) == charge_payload(submission(), MINOR)

    @EACH_CALL
    def test_there_is_no_third_try(self, call: Call) -> None:
        with rogue(INVALID_KEY) as server:
            counter = Counter(server, OLD, NEW)
            with pytest.raises(CredentialsRefused):
                call(counter, 5)

            assert len(server.requests) == 2
            assert counter.telemetry.facts_of("gateway_credentials_refused") == [{"http_status": 401}]

    def test_where_it_was_fetched_a_moment_ago_it_is_not_tried_again(self) -> None:
        with rogue(INVALID_KEY) as server:
            counter = Counter(server, OLD)
            for _ in range(2):
                with pytest.raises(CredentialsRefused):
                    counter.charge()

            assert len(server.requests) == 3

    def test_without_time_for_it_there_is_no_second_try(self) -> None:
        with rogue(INVALID_KEY) as server:
            counter = Counter(server, OLD, NEW)
            with pytest.raises(CredentialsRefused):
                counter.charge(1.0)

            assert (len(server.requests), counter.ring.refreshes) == (1, 0)

    def test_the_second_try_has_what_is_left_of_the_time(self) -> None:
        with rogue(INVALID_KEY, says_nothing) as server:
            counter, started = Counter(server, OLD, NEW), time.monotonic()
            with pytest.raises(NoAnswer):
                counter.charge(2.5)

            assert time.monotonic() - started < 3.0
            assert len(server.requests) == 2

    def test_a_second_try_without_an_answer_is_in_doubt(self) -> None:
        with rogue(INVALID_KEY, then_closes()) as server:
            with pytest.raises(NoAnswer):
                Counter(server, OLD, NEW).charge()
            assert len(server.requests) == 2

    def test_the_refused_key_is_not_in_the_error(self) -> None:
        with rogue(INVALID_KEY) as server, pytest.raises(CredentialsRefused) as caught:
            Counter(server, OLD).charge()
        assert "PA_TEST" not in str(caught.value) + repr(caught.value)


class TestReadiness:
    def test_without_keys_nothing_is_ready(self) -> None:
        with rogue(SUCCESS) as server, pytest.raises(SecretUnusable):
            Counter(server).client.ensure_ready()

    def test_an_outage_closes_the_door_before_anything_is_recorded(self) -> None:
        with rogue(then_closes()) as server:
            counter = Counter(server, OLD)
            for _ in range(FAILURES_TO_OPEN):
                counter.client.ensure_ready()
                with pytest.raises(GatewayError):
                    counter.charge()

            with pytest.raises(NotSent, match="circuit open"):
                counter.client.ensure_ready()

    def test_a_decline_or_a_refusal_is_no_outage(self) -> None:
        with rogue(answers(422, {"message": "no"}), answers(200, envelope(status="FAILED"))) as server:
            counter = Counter(server, OLD)
            for _ in range(2 * FAILURES_TO_OPEN):
                try:
                    counter.charge()
                except Refused:
                    continue
            counter.client.ensure_ready()

    def test_the_client_shows_no_key(self) -> None:
        with rogue(SUCCESS) as server:
            counter = Counter(server, OLD)
            shown = repr(replace(counter.client, monotonic=time.monotonic)) + repr(counter.ring.keys)
        assert "PA_TEST" not in shown


class Versions(Ring):
    """A keyring in a rotation: what is read anew, and the version before it."""

    def __init__(self, kept: GatewayKeys, current: GatewayKeys, previous: GatewayKeys | None = None) -> None:
        super().__init__(kept)
        self._fresh = [current, previous] if previous else [current]

    def refresh(self) -> bool:
        self.refreshes += 1
        self.keys = list(self._fresh)
        return self.refreshes == 1


UNREADABLE = answers(400, {"message": "The payload could not be decrypted."})


class TestRotation:
    def test_a_payload_that_cannot_be_decrypted_is_encrypted_anew_with_the_new_key(self) -> None:
        with rogue(UNREADABLE, SUCCESS) as server:
            counter = Counter(server, OLD, NEW)
            assert counter.charge().verdict is Status.SUCCEEDED
            assert counter.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]

    def test_a_refusal_that_is_not_the_keys_fault_is_sent_once(self) -> None:
        with rogue(answers(422, {"message": "no", "errors": [{"field": "zip", "message": "no"}]})) as server:
            with pytest.raises(Refused):
                Counter(server, ring=Versions(OLD, NEW, OLD)).charge()
            assert len(server.requests) == 1

    def test_a_refusal_under_unchanged_keys_is_sent_once(self) -> None:
        with rogue(UNREADABLE) as server:
            with pytest.raises(Refused):
                Counter(server, OLD).charge()
            assert len(server.requests) == 1

    def test_the_version_before_is_never_sent_with(self) -> None:
        with rogue(UNREADABLE) as server:
            with pytest.raises(Refused, match="decrypted"):
                Counter(server, ring=Versions(NEW, NEW, OLD)).charge()
            assert len(server.requests) == 1

    def test_no_further_keys_are_tried_once_the_outcome_is_in_doubt(self) -> None:
        with rogue(INVALID_KEY, then_closes(), SUCCESS) as server:
            with pytest.raises(NoAnswer):
                Counter(server, ring=Versions(OLD, NEW, OLD)).charge()
            assert len(server.requests) == 2


def test_a_proxys_word_that_the_gateway_is_down_counts_as_an_outage() -> None:
    with rogue(answers(502, raw=b"<html>Bad Gateway</html>")) as server:
        counter = Counter(server, OLD)
        for _ in range(FAILURES_TO_OPEN):
            with pytest.raises(NoAnswer):
                counter.charge()
        with pytest.raises(NotSent, match="circuit open"):
            counter.client.ensure_ready()


@pytest.mark.parametrize("http_status", [408, 409, 425, 429])
def test_a_4xx_that_does_not_say_that_nothing_happened_is_in_doubt(http_status: int) -> None:
    with rogue(answers(http_status, {"message": "Duplicate order."})) as server:
        with pytest.raises(NoAnswer):
            Counter(server, OLD).charge()
        assert len(server.requests) == 1
