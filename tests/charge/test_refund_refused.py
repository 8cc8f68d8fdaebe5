"""POST /charges/{id}/refunds, refused: by us before anything is sent, or by the gateway; each with its code."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from payments.errors import PaymentsError, SecretUnusable
from payments.model.history import FieldError
from payments.model.payment import Payment
from payments.model.refund import MAX_REFUND_HISTORY
from payments.ports.gateway import AlreadyChargedBack, CredentialsRefused, NoAnswer, NotSent, Refused
from tests.charge.charge_api import ChargeApi, problem, refund_event
from tests.fakes.gateway import Answers, Refunds
from tests.house.checkout import ROOT
from tests.recorded_events import recorded


def refunded_before(api: ChargeApi) -> None:
    api.paid_payment()
    api.refund("before")


def in_flight(api: ChargeApi) -> None:
    api.paid_payment()
    api.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
    api.refund("before")


def charged_back(api: ChargeApi) -> None:
    api.paid_payment()
    api.gateway.charges[0].charged_back = True
    api.send(recorded("charge-refresh"))


def not_paid(api: ChargeApi) -> None:
    api.charge()


def of_the_other_mode(api: ChargeApi) -> None:
    api.paid_payment()
    api.gateway.live = True


def refused_time_and_again(api: ChargeApi) -> None:
    api.paid_payment()
    for nth in range(MAX_REFUND_HISTORY // 2 - 1):
        api.gateway.script_refunds(Refunds(done=False, error=Refused("no")))
        api.refund(f"try-{nth}")


def of_an_unknown_transaction(api: ChargeApi) -> None:
    """As a reviewer leaves it who decides without knowing which transaction is ours."""
    paid = api.paid_payment()
    api.ledger.save(paid, replace(paid, transaction_id=None))


NOT_REFUNDABLE: dict[str, tuple[Callable[[ChargeApi], None], str]] = {
    "already_charged_back": (charged_back, "never"),
    "already_refunded": (refunded_before, "never"),
    "not_succeeded": (not_paid, "after"),
    "other_mode": (of_the_other_mode, "never"),
    "refund_in_progress": (in_flight, "after"),
    "too_many_attempts": (refused_time_and_again, "never"),
    "transaction_unknown": (of_an_unknown_transaction, "never"),
}


class TestNotRefundable:
    @pytest.mark.parametrize("code", NOT_REFUNDABLE)
    def test_it_is_409_with_the_location_and_sends_nothing(self, api: ChargeApi, code: str) -> None:
        arrange, retry = NOT_REFUNDABLE[code]
        arrange(api)
        (before,), sent = api.ledger.payments(), list(api.gateway.refund_posts)

        response = api.refund()

        assert problem(response) == (409, code, retry)
        assert response.headers["Location"] == f"/v1/charges/{before.id}"
        assert response.json["payment_id"] == before.id
        assert api.ledger.payments() == [before]
        assert api.gateway.refund_posts == sent

    def test_every_code_of_not_refundable_is_tested(self) -> None:
        raised = re.findall(r'NotRefundable\("(\w+)"', "".join(p.read_text() for p in ROOT.glob("functions/**/*.py")))
        assert set(raised) == set(NOT_REFUNDABLE)

    @pytest.mark.parametrize("raw_status", ["REDIRECT", "PENDING", "INIT", "FAILED", "BLOCKED", "ABANDONED"])
    def test_a_payment_that_has_not_succeeded_is_not_refundable(self, api: ChargeApi, raw_status: str) -> None:
        api.gateway.script_charges(Answers(raw_status))
        api.charge()
        assert problem(api.refund()) == (409, "not_succeeded", "after")

    def test_a_payment_is_refundable_once_it_has_succeeded(self, api: ChargeApi) -> None:
        api.charge()
        assert problem(api.refund()) == (409, "not_succeeded", "after")
        api.gateway.charges[0].raw_status = "SUCCESS"
        api.send(recorded("charge-refresh"))
        assert api.refund().status == 201

    @pytest.mark.parametrize(
        "payment_id", ["pay_" + "a" * 26, "order#12524AGSDF34DS", "", "pay_", "a" * 3000, "\ud800", None]
    )
    def test_an_unknown_payment_is_404(self, api: ChargeApi, payment_id: str | None) -> None:
        api.paid_payment()
        event = recorded("charge-refund", pathParameters={"id": payment_id})
        assert problem(api.send(event)) == (404, "payment_not_found", "never")

    def test_an_unsigned_request_is_403(self, api: ChargeApi) -> None:
        api.paid_payment()
        event = recorded("charge-refund")
        event["requestContext"]["identity"]["userArn"] = None
        assert problem(api.send(event)) == (403, "not_authenticated", "never")
        assert api.gateway.refund_posts == []


class TestGatewayRefusal:
    @pytest.fixture(autouse=True)
    def paid(self, api: ChargeApi) -> Payment:
        return api.paid_payment()

    def test_a_refusal_is_422_with_the_gateways_message_and_fields(self, api: ChargeApi, paid: Payment) -> None:
        field = FieldError("reason", "refused_by_gateway", "reason is too long")
        api.gateway.script_refunds(Refunds(done=False, error=Refused("Validation failed.", (field,))))

        response = api.refund()

        assert problem(response) == (422, "refund_refused", "after")
        assert response.json["detail"] == "Validation failed."
        assert response.json["errors"] == [
            {"field": "reason", "code": "refused_by_gateway", "message": "reason is too long"}
        ]
        assert response.json["payment"]["refund"] == {"status": "failed", "refunded_at": None}
        assert response.json["payment"]["status"] == "succeeded"
        assert response.headers["Location"] == f"/v1/charges/{paid.id}"

    def test_another_key_may_succeed(self, api: ChargeApi) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=Refused("Not today.")))
        api.refund()
        assert api.refund("another-key").status == 201

    @pytest.mark.parametrize(
        ("error", "answer"),
        [
            (Refused("Not today."), (422, "refund_refused", "after")),
            (CredentialsRefused("the gateway refused our credentials"), (502, "gateway_credentials", "after")),
            (AlreadyChargedBack("Transaction has already been charged back."), (409, "already_charged_back", "never")),
        ],
    )
    def test_a_retry_gets_the_same_refusal_and_sends_nothing(
        self, api: ChargeApi, error: PaymentsError, answer: tuple[int, str, str]
    ) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=error))
        first, again = api.refund(), api.refund()

        assert (problem(first), problem(again)) == (answer, answer)
        assert again.json == first.json
        assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
        assert len(api.gateway.refund_posts) == 1

    def test_a_chargeback_is_shown_when_it_is_the_cause(self, api: ChargeApi) -> None:
        api.gateway.charges[0].charged_back = True
        response = api.refund()

        assert problem(response) == (409, "already_charged_back", "never")
        assert response.json["payment"]["chargeback"]["status"] == "charged_back"
        assert response.json["payment"]["refund"]["status"] == "failed"

    def test_a_refund_by_somebody_else_is_answered_as_a_refund(self, api: ChargeApi) -> None:
        api.gateway.charges[0].refunded = True
        response = api.refund()
        assert (response.status, response.json["refund"]["status"]) == (201, "refunded")

    def test_a_refusal_that_turns_out_to_be_a_refund_is_answered_as_a_refund(self, api: ChargeApi) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=Refused("Not today.")))
        api.refund()
        api.gateway.charges[0].refunded = True
        api.send(recorded("charge-refresh"))

        again = api.refund()

        assert (again.status, again.json["refund"]["status"]) == (201, "refunded")


class TestNothingRecordedOrSent:
    @pytest.mark.parametrize(
        ("unready", "code"),
        [(NotSent("circuit open"), "gateway_unreachable"), (SecretUnusable("not JSON"), "not_configured")],
    )
    def test_an_unready_gateway_is_503(self, api: ChargeApi, unready: PaymentsError, code: str) -> None:
        paid = api.paid_payment()
        api.gateway.unready = unready

        response = api.refund()

        assert problem(response) == (503, code, "same-key")
        assert int(response.headers["Retry-After"]) > 0
        assert api.ledger.payments() == [paid]
        api.gateway.unready = None
        assert api.refund().status == 201

    @pytest.mark.parametrize("headers", [None, {}, {"Idempotency-Key": None}, {"X-Idempotency-Key": "k"}])
    def test_a_missing_key_is_400(self, api: ChargeApi, headers: dict[str, Any] | None) -> None:
        api.paid_payment()
        event = recorded("charge-refund", headers=headers)
        assert problem(api.send(event)) == (400, "idempotency_key_missing", "never")
        assert api.gateway.refund_posts == []

    @pytest.mark.parametrize("key", ["", " ", "a b", "a\n", "\u00fc", "k" * 256])
    def test_an_invalid_key_is_400(self, api: ChargeApi, key: str) -> None:
        api.paid_payment()
        assert problem(api.send(refund_event(key))) == (400, "idempotency_key_invalid", "never")
        assert api.gateway.refund_posts == []


def test_nothing_is_sent_without_enough_time(api: ChargeApi) -> None:
    api.paid_payment()
    api.seconds = 4.5
    assert problem(api.refund()) == (503, "gateway_unreachable", "same-key")
    assert api.gateway.refund_posts == []
    api.seconds = 27.0
    assert api.refund().status == 201
