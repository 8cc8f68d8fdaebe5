"""Giving money back, above the socket: what is sent, what each answer means, and that it is sent once."""

import json

import pytest

from payments.gateway.circuit_breaker import FAILURES_TO_OPEN
from payments.gateway.credentials import Mode
from payments.model.status import Status
from payments.ports.gateway import AlreadyChargedBack, AlreadyRefunded, CredentialsRefused, NoAnswer, NotSent, Refused
from tests.fakes.samples import TRANSACTION_ID
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.exchanges import BUDGET
from tests.payments.gateway.gateway_calls import NEW, OLD, Counter
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import answers, says_nothing, then_closes

REFUNDED = answers(200, envelope(refund={"status": True, "refund_date": "2027-01-31T09:30:00Z"}))
INVALID_KEY = answers(401, {"message": "Invalid Secret Key."})
ALREADY = {
    "Transaction has already been refunded.": AlreadyRefunded,
    "Transaction has already been charged back.": AlreadyChargedBack,
}


class TestTheRequest:
    @pytest.mark.parametrize("mode", ["test", "live"])
    def test_is_plain_json_of_the_transaction_and_the_reason(self, mode: Mode) -> None:
        with rogue(REFUNDED) as server:
            Counter(server, OLD, mode=mode).client.refund(TRANSACTION_ID, "returned", 5)

            (request,) = server.requests
            assert request.line == f"POST /api/v1/{mode}/refund HTTP/1.1"
            assert request.header("authorization") == "Bearer PA_TEST_old"
            assert request.header("content-type") == "application/json"
            assert json.loads(request.body) == {"transaction_id": TRANSACTION_ID, "reason": "returned"}

    @pytest.mark.parametrize("reason", ['"}, "amount": 1, {"', "Zurückgeschickt 返品 😊", "a\\u0000b", "\u007f" * 255])
    def test_carries_any_reason_as_it_is(self, reason: str) -> None:
        with rogue(REFUNDED) as server:
            Counter(server, OLD).client.refund(TRANSACTION_ID, reason, 5)

            assert json.loads(server.requests[0].body) == {"transaction_id": TRANSACTION_ID, "reason": reason}


class TestTheAnswer:
    @pytest.mark.parametrize("http_status", [200, 201, 400, 500])
    def test_that_flags_a_refund_is_a_report_of_it_on_any_code(self, http_status: int) -> None:
        told = envelope(refund={"status": True, "refund_date": "2027-01-31T09:30:00Z"})
        with rogue(answers(http_status, told)) as server:
            transaction = Counter(server, OLD).refund()

            assert (transaction.refunded, transaction.transaction_id, transaction.verdict) == (
                True,
                TRANSACTION_ID,
                Status.SUCCEEDED,
            )
            assert transaction.refunded_at is not None
            assert len(server.requests) == 1

    def test_that_flags_none_is_a_report_without_one(self) -> None:
        with rogue(answers(200, envelope())) as server:
            assert not Counter(server, OLD).refund().refunded


class TestWhatHasGoneBackAlready:
    """The words are documented, the code that they come with is not."""

    @pytest.mark.parametrize("http_status", [200, 400, 401, 403, 404, 409, 410, 422, 500])
    @pytest.mark.parametrize("message", ALREADY)
    def test_is_known_by_its_words_and_sent_once(self, message: str, http_status: int) -> None:
        with rogue(answers(http_status, {"message": message})) as server:
            counter = Counter(server, OLD, NEW)
            with pytest.raises(ALREADY[message]) as caught:
                counter.refund()

            assert caught.value.message == message
            assert (len(server.requests), counter.ring.refreshes, counter.telemetry.signals) == (1, 0, [])

    @pytest.mark.parametrize(
        ("said", "kind"),
        [
            ("transaction HAS ALREADY BEEN REFUNDED", AlreadyRefunded),
            ("This transaction has already been charged back on 2027-01-31", AlreadyChargedBack),
        ],
    )
    def test_is_known_however_it_is_spelt(self, said: str, kind: type[Refused]) -> None:
        with rogue(answers(400, {"message": said})) as server, pytest.raises(kind):
            Counter(server, OLD).refund()

    @pytest.mark.parametrize("said", ["Refund is pending.", "Already refunded?", "charged back", ""])
    def test_is_not_guessed_from_other_words(self, said: str) -> None:
        with rogue(answers(400, {"message": said})) as server, pytest.raises(Refused) as caught:
            Counter(server, OLD).refund()
        assert type(caught.value) is Refused

    @pytest.mark.parametrize("message", ALREADY)
    def test_is_not_believed_of_an_envelope(self, message: str) -> None:
        """An envelope says by its flags what happened, whatever its message says."""
        with rogue(answers(200, envelope(message=message))) as server:
            assert not Counter(server, OLD).refund().refunded

    @pytest.mark.parametrize("message", ALREADY)
    def test_is_nothing_that_a_charge_or_a_question_can_be_told(self, message: str) -> None:
        with rogue(answers(400, {"message": message})) as server:
            for call in (Counter.charge, Counter.status):
                with pytest.raises(Refused) as caught:
                    call(Counter(server, OLD))
                assert type(caught.value) is Refused


class TestARefusal:
    @pytest.mark.parametrize("http_status", [400, 404, 422])
    def test_is_told_with_its_fields(self, http_status: int) -> None:
        told = {"message": "Validation failed.", "errors": [{"field": "reason", "message": "is too long"}]}
        with rogue(answers(http_status, told)) as server:
            with pytest.raises(Refused) as caught:
                Counter(server, OLD, NEW).refund()

            assert type(caught.value) is Refused
            assert [(error.field, error.message) for error in caught.value.errors] == [("reason", "is too long")]
            assert len(server.requests) == 1

    @pytest.mark.parametrize("http_status", [400, 422])
    def test_without_a_field_is_not_blamed_on_the_keys(self, http_status: int) -> None:
        """A refund is not encrypted: that the gateway could not decrypt it is no explanation, and no second request."""
        with rogue(answers(http_status, {"message": "Refunds are disabled."})) as server:
            counter = Counter(server, OLD, NEW)
            with pytest.raises(Refused, match="Refunds are disabled"):
                counter.refund()

            assert (len(server.requests), counter.ring.refreshes) == (1, 0)

    @pytest.mark.parametrize("http_status", [408, 409, 425, 429])
    def test_that_says_nothing_for_certain_is_no_answer(self, http_status: int) -> None:
        with rogue(answers(http_status, {"message": "A refund is in progress."})) as server:
            with pytest.raises(NoAnswer):
                Counter(server, OLD, NEW).refund()
            assert len(server.requests) == 1


class TestTheKey:
    @pytest.mark.parametrize("http_status", [401, 403])
    def test_that_is_refused_is_fetched_anew_and_the_refund_asked_for_once_more(self, http_status: int) -> None:
        with rogue(answers(http_status, {"message": "Invalid Secret Key."}), REFUNDED) as server:
            counter = Counter(server, OLD, NEW)

            assert counter.refund().refunded
            assert counter.keys_sent() == ["PA_TEST_old", "PA_TEST_new"]
            assert server.requests[0].body == server.requests[1].body

    def test_that_is_refused_twice_is_refused(self) -> None:
        with rogue(INVALID_KEY) as server:
            counter = Counter(server, OLD, NEW)
            with pytest.raises(CredentialsRefused):
                counter.refund()

            assert len(server.requests) == 2
            assert counter.telemetry.signals == ["gateway_credentials_refused"]

    @pytest.mark.parametrize("second", [then_closes(), says_nothing], ids=["closed", "silence"])
    def test_that_was_refreshed_brings_doubt_like_any_other(self, second: object) -> None:
        with rogue(INVALID_KEY, second, REFUNDED) as server:  # type: ignore[arg-type]
            with pytest.raises(NoAnswer):
                Counter(server, OLD, NEW).refund(2.5)
            assert len(server.requests) == 2

    def test_that_was_refreshed_may_find_the_money_gone(self) -> None:
        with rogue(INVALID_KEY, answers(400, {"message": next(iter(ALREADY))})) as server:
            with pytest.raises(AlreadyRefunded):
                Counter(server, OLD, NEW).refund()
            assert len(server.requests) == 2


class TestNotSent:
    def test_when_nobody_listens(self) -> None:
        with rogue(REFUNDED) as server:
            counter = Counter(server, OLD)
        with pytest.raises(NotSent):
            counter.refund(BUDGET)
        assert server.requests == []

    def test_in_an_outage(self) -> None:
        with rogue(then_closes()) as server:
            counter = Counter(server, OLD)
            for _ in range(FAILURES_TO_OPEN):
                with pytest.raises(NoAnswer):
                    counter.refund()
            with pytest.raises(NotSent, match="circuit open"):
                counter.refund()
            assert len(server.requests) == FAILURES_TO_OPEN
