"""POST /charges/{id}/refunds, turned down: by us before anything is sent, or by the gateway; each with its code."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from payments.errors import PaymentsError, SecretUnusable
from payments.model.history import FieldError
from payments.model.payment import Payment
from payments.model.refund import MOST_ENTRIES
from payments.ports.gateway import AlreadyChargedBack, CredentialsRefused, NoAnswer, NotSent, Refused
from tests.charge.charge_api import Counter, problem, refund
from tests.fakes.gateway import Answers, Refunds
from tests.house.checkout import ROOT
from tests.recorded_events import recorded


def refunded_before(counter: Counter) -> None:
    counter.paid()
    counter.refunds("before")


def in_flight(counter: Counter) -> None:
    counter.paid()
    counter.gateway.will_refund(Refunds(error=NoAnswer("reset")))
    counter.refunds("before")


def charged_back(counter: Counter) -> None:
    counter.paid()
    counter.gateway.book[0].charged_back = True
    counter.takes(recorded("charge-refresh"))


def not_paid(counter: Counter) -> None:
    counter.charges()


def of_the_other_mode(counter: Counter) -> None:
    counter.live = True
    counter.paid(ip_address="1.1.1.1", redirect_url="https://pay.agency")


def refused_time_and_again(counter: Counter) -> None:
    counter.paid()
    for nth in range(MOST_ENTRIES // 2 - 1):
        counter.gateway.will_refund(Refunds(done=False, error=Refused("no")))
        counter.refunds(f"try-{nth}")


def of_an_unknown_transaction(counter: Counter) -> None:
    """As a person leaves it who decides by what the back office shows."""
    paid = counter.paid()
    counter.ledger.save(paid, replace(paid, transaction_id=None))


NOT_REFUNDABLE: dict[str, tuple[Callable[[Counter], None], str]] = {
    "already_charged_back": (charged_back, "never"),
    "already_refunded": (refunded_before, "never"),
    "not_succeeded": (not_paid, "after"),
    "other_mode": (of_the_other_mode, "never"),
    "refund_in_progress": (in_flight, "after"),
    "too_many_attempts": (refused_time_and_again, "never"),
    "transaction_unknown": (of_an_unknown_transaction, "never"),
}


class TestWhatCannotBeRefunded:
    @pytest.mark.parametrize("code", NOT_REFUNDABLE)
    def test_is_409_with_the_payments_address_and_sends_nothing(self, counter: Counter, code: str) -> None:
        arrange, retry = NOT_REFUNDABLE[code]
        arrange(counter)
        (before,), sent = counter.ledger.payments(), list(counter.gateway.refund_posts)

        told = counter.refunds()

        assert problem(told) == (409, code, retry)
        assert told.headers["Location"] == f"/v1/charges/{before.id}"
        assert told.json["payment_id"] == before.id
        assert counter.ledger.payments() == [before]
        assert counter.gateway.refund_posts == sent

    def test_is_all_that_the_house_may_say(self) -> None:
        raised = re.findall(r'NotRefundable\("(\w+)"', "".join(p.read_text() for p in ROOT.glob("functions/**/*.py")))
        assert set(raised) == set(NOT_REFUNDABLE)

    @pytest.mark.parametrize("said", ["REDIRECT", "PENDING", "INIT", "FAILED", "BLOCKED", "ABANDONED"])
    def test_is_what_has_not_succeeded(self, counter: Counter, said: str) -> None:
        counter.gateway.will(Answers(said))
        counter.charges()
        assert problem(counter.refunds()) == (409, "not_succeeded", "after")

    def test_may_be_refunded_once_it_has(self, counter: Counter) -> None:
        counter.charges()
        assert problem(counter.refunds()) == (409, "not_succeeded", "after")
        counter.gateway.book[0].raw_status = "SUCCESS"
        counter.takes(recorded("charge-refresh"))
        assert counter.refunds().status == 201

    @pytest.mark.parametrize(
        "payment_id", ["pay_" + "a" * 26, "order#12524AGSDF34DS", "", "pay_", "a" * 3000, "\ud800", None]
    )
    def test_is_what_is_not_there(self, counter: Counter, payment_id: str | None) -> None:
        counter.paid()
        event = recorded("charge-refund", pathParameters={"id": payment_id})
        assert problem(counter.takes(event)) == (404, "payment_not_found", "never")

    def test_is_nothing_for_who_did_not_sign(self, counter: Counter) -> None:
        counter.paid()
        event = recorded("charge-refund")
        event["requestContext"]["identity"]["userArn"] = None
        assert problem(counter.takes(event)) == (403, "not_authenticated", "never")
        assert counter.gateway.refund_posts == []


class TestTheGatewaysRefusal:
    @pytest.fixture(autouse=True)
    def paid(self, counter: Counter) -> Payment:
        return counter.paid()

    def test_is_422_with_its_words_and_its_fields(self, counter: Counter, paid: Payment) -> None:
        field = FieldError("reason", "refused_by_gateway", "reason is too long")
        counter.gateway.will_refund(Refunds(done=False, error=Refused("Validation failed.", (field,))))

        told = counter.refunds()

        assert problem(told) == (422, "refund_refused", "after")
        assert told.json["detail"] == "Validation failed."
        assert told.json["errors"] == [
            {"field": "reason", "code": "refused_by_gateway", "message": "reason is too long"}
        ]
        assert told.json["payment"]["refund"] == {"status": "failed", "refunded_at": None}
        assert told.json["payment"]["status"] == "succeeded"
        assert told.headers["Location"] == f"/v1/charges/{paid.id}"

    def test_may_be_overcome_with_another_key(self, counter: Counter) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=Refused("Not today.")))
        counter.refunds()
        assert counter.refunds("another-key").status == 201

    @pytest.mark.parametrize(
        ("error", "answer"),
        [
            (Refused("Not today."), (422, "refund_refused", "after")),
            (CredentialsRefused("the gateway refused our credentials"), (502, "gateway_credentials", "after")),
            (AlreadyChargedBack("Transaction has already been charged back."), (409, "already_charged_back", "never")),
        ],
    )
    def test_is_repeated_as_it_was_and_not_sent_again(
        self, counter: Counter, error: PaymentsError, answer: tuple[int, str, str]
    ) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=error))
        first, again = counter.refunds(), counter.refunds()

        assert (problem(first), problem(again)) == (answer, answer)
        assert again.json == first.json
        assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
        assert len(counter.gateway.refund_posts) == 1

    def test_because_the_bank_took_it_back_shows_the_chargeback(self, counter: Counter) -> None:
        counter.gateway.book[0].charged_back = True
        told = counter.refunds()

        assert problem(told) == (409, "already_charged_back", "never")
        assert told.json["payment"]["chargeback"]["status"] == "charged_back"
        assert told.json["payment"]["refund"]["status"] == "failed"

    def test_because_somebody_refunded_it_there_is_a_refund(self, counter: Counter) -> None:
        counter.gateway.book[0].refunded = True
        told = counter.refunds()
        assert (told.status, told.json["refund"]["status"]) == (201, "refunded")

    def test_that_turns_out_to_be_a_refund_is_told_as_one(self, counter: Counter) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=Refused("Not today.")))
        counter.refunds()
        counter.gateway.book[0].refunded = True
        counter.takes(recorded("charge-refresh"))

        again = counter.refunds()

        assert (again.status, again.json["refund"]["status"]) == (201, "refunded")


class TestNothingIsRecordedOrSent:
    @pytest.mark.parametrize(
        ("unready", "code"),
        [(NotSent("circuit open"), "gateway_unreachable"), (SecretUnusable("not JSON"), "not_configured")],
    )
    def test_while_the_gateway_cannot_be_asked(self, counter: Counter, unready: PaymentsError, code: str) -> None:
        paid = counter.paid()
        counter.gateway.unready = unready

        told = counter.refunds()

        assert problem(told) == (503, code, "same-key")
        assert int(told.headers["Retry-After"]) > 0
        assert counter.ledger.payments() == [paid]
        counter.gateway.unready = None
        assert counter.refunds().status == 201

    @pytest.mark.parametrize("headers", [None, {}, {"Idempotency-Key": None}, {"X-Idempotency-Key": "k"}])
    def test_without_a_key(self, counter: Counter, headers: dict[str, Any] | None) -> None:
        counter.paid()
        event = recorded("charge-refund", headers=headers)
        assert problem(counter.takes(event)) == (400, "idempotency_key_missing", "never")
        assert counter.gateway.refund_posts == []

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "\u00fc", "k" * 256])
    def test_under_a_bad_key(self, counter: Counter, key: str) -> None:
        counter.paid()
        assert problem(counter.takes(refund(key))) == (400, "idempotency_key_invalid", "never")
        assert counter.gateway.refund_posts == []


def test_without_time_for_it_nothing_is_sent(counter: Counter) -> None:
    counter.paid()
    counter.seconds = 4.5
    assert problem(counter.refunds()) == (503, "gateway_unreachable", "same-key")
    assert counter.gateway.refund_posts == []
    counter.seconds = 28.0
    assert counter.refunds().status == 201
