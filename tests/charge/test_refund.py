"""POST /charges/{id}/refunds: answers to an accepted refund, the first one and those to retries."""

import pytest

from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, NotSent, Refused
from tests.charge.charge_api import RESOURCE, ChargeApi, problem, refund_event
from tests.fakes.gateway import BankCharge, Refunds
from tests.recorded_events import recorded

REPLAYED = "Idempotency-Replayed"


@pytest.fixture
def paid(api: ChargeApi) -> Payment:
    return api.paid_payment()


class TestRefund:
    def test_a_refund_is_answered_with_201_and_the_payment(self, api: ChargeApi, paid: Payment) -> None:
        response = api.refund()

        assert (response.status, response.json["id"], response.json["status"]) == (201, paid.id, "succeeded")
        assert response.json.keys() == RESOURCE
        assert response.json["refund"] == {"status": "refunded", "refunded_at": "2027-01-31T09:30:00.000Z"}
        assert response.json == api.send(recorded("charge-get")).json
        assert api.gateway.refund_posts == [paid.transaction_id]

    def test_a_refund_has_a_location_and_no_retry_after(self, api: ChargeApi, paid: Payment) -> None:
        response = api.refund()

        assert response.headers["Location"] == f"/v1/charges/{paid.id}"
        assert (response.headers["Content-Type"], response.headers["Cache-Control"]) == ("application/json", "no-store")
        assert not {"Retry-After", REPLAYED} & response.headers.keys()

    @pytest.mark.parametrize("base", ["", "/payments", "/charges", "/charges-api", "/v1"])
    def test_the_location_has_a_custom_domains_base_path(self, api: ChargeApi, paid: Payment, base: str) -> None:
        event = recorded("charge-refund")
        event["requestContext"]["path"] = f"{base}/charges/{paid.id}/refunds"
        assert api.send(event).headers["Location"] == f"{base}/charges/{paid.id}"

    def test_the_timeline_shows_the_refund(self, api: ChargeApi, paid: Payment) -> None:
        api.refund()
        entries = api.send(recorded("charge-timeline")).json["data"]
        assert [entry["type"] for entry in entries][-2:] == ["payment.refund_requested", "payment.refunded"]
        assert [entry["data"]["refund"]["status"] for entry in entries][-2:] == ["requested", "refunded"]

    def test_a_refunded_order_accepts_no_second_payment(self, api: ChargeApi, paid: Payment) -> None:
        """A refund does not reopen the order."""
        api.refund()
        assert problem(api.charge("another-key")) == (409, "order_already_paid", "never")

    def test_any_caller_of_the_api_may_refund(self, api: ChargeApi, paid: Payment) -> None:
        event = recorded("charge-refund")
        event["requestContext"]["identity"]["userArn"] = "arn:aws:iam::123456789012:role/back-office"
        assert api.send(event).status == 201


class TestUnknownOutcome:
    @pytest.mark.parametrize(
        "outcome",
        [Refunds(error=NoAnswer("reset")), Refunds(changes={"refunded": False}), Refunds(changes={"amount": 7})],
        ids=["no answer", "an answer that shows none", "an answer about something else"],
    )
    def test_an_unknown_outcome_is_202_with_location_and_retry_after(
        self, api: ChargeApi, paid: Payment, outcome: Refunds
    ) -> None:
        api.gateway.script_refunds(outcome)
        response = api.refund()

        assert (response.status, response.json["refund"]) == (202, {"status": "requested", "refunded_at": None})
        assert response.json["status"] == "succeeded"
        assert response.headers["Location"] == f"/v1/charges/{paid.id}"
        assert int(response.headers["Retry-After"]) > 0

    def test_a_retry_sends_nothing(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
        response = [api.refund() for _ in range(3)]

        assert [each.status for each in response] == [202, 202, 202]
        assert [each.headers.get(REPLAYED) for each in response] == [None, "true", "true"]
        assert ["Retry-After" in each.headers for each in response] == [True, True, True]
        assert len(api.gateway.refund_posts) == 1

    def test_a_retry_still_gets_202_after_the_refund_is_confirmed(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(error=NoAnswer("reset")))
        api.refund()
        api.follow_up(seconds=11)
        again = api.refund()

        assert (again.status, again.json["refund"]["status"]) == (202, "refunded")
        assert "Retry-After" not in again.headers

    def test_a_retry_still_gets_202_after_the_refund_has_failed(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=NoAnswer("reset")))
        api.refund()
        never_arrived(api)
        again = api.refund()

        assert (again.status, again.json["refund"]["status"]) == (202, "failed")
        assert "Retry-After" not in again.headers


class TestLostAnswer:
    """The function dies after the refund was sent; the shop's retry gets its first answer."""

    @pytest.fixture
    def answer_lost(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.before_refund_answer = raise_undeclared
        assert problem(api.refund()) == (500, "internal_error", "same-key")
        api.gateway.before_refund_answer = None

    @pytest.mark.usefixtures("answer_lost")
    def test_the_retry_gets_202_and_retry_after(self, api: ChargeApi) -> None:
        again = api.refund()
        assert (again.status, again.json["refund"]["status"]) == (202, "requested")
        assert "Retry-After" in again.headers
        assert len(api.gateway.refund_posts) == 1

    @pytest.mark.usefixtures("answer_lost")
    def test_the_retry_gets_201_once_the_refund_is_confirmed(self, api: ChargeApi) -> None:
        api.follow_up(seconds=61)
        again = api.refund()
        assert (again.status, again.json["refund"]["status"]) == (201, "refunded")

    @pytest.mark.usefixtures("answer_lost")
    def test_the_retry_gets_202_if_the_refund_never_arrived(self, api: ChargeApi) -> None:
        api.gateway.charges[0].refunded = False
        never_arrived(api)
        again = api.refund()
        assert (again.status, again.json["refund"]["status"]) == (202, "failed")


class TestRetry:
    def test_a_retry_gets_the_first_status_code_and_the_current_payment(self, api: ChargeApi, paid: Payment) -> None:
        first, again = api.refund(), api.refund()

        assert (first.status, again.status, again.json) == (201, 201, first.json)
        assert (first.headers.get(REPLAYED), again.headers[REPLAYED]) == (None, "true")
        assert again.headers["Location"] == first.headers["Location"]
        assert len(api.gateway.refund_posts) == 1

    def test_another_reason_is_another_request(self, api: ChargeApi, paid: Payment) -> None:
        api.refund()
        assert problem(api.refund(reason="changed my mind")) == (422, "idempotency_key_reused", "never")
        assert len(api.gateway.refund_posts) == 1

    def test_the_key_of_the_charge_may_be_used(self, api: ChargeApi, paid: Payment) -> None:
        """Keys of refunds and of charges are separate: a shop that numbers its attempts may use the same number."""
        charged = recorded("charge-create")["headers"]["Idempotency-Key"]
        assert api.refund(charged).status == 201

    def test_a_retry_is_answered_while_the_gateway_is_unreachable(self, api: ChargeApi, paid: Payment) -> None:
        api.refund()
        api.gateway.unready = NotSent("circuit open")
        assert (api.refund().status, api.refund().headers[REPLAYED]) == (201, "true")

    def test_a_retry_of_an_unsent_refund_is_sent(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=NotSent("no route")))
        response = api.refund()
        assert problem(response) == (503, "gateway_unreachable", "same-key")
        assert int(response.headers["Retry-After"]) > 0

        again = api.refund()

        assert (again.status, again.headers.get(REPLAYED)) == (201, None)

    def test_the_key_of_an_unsent_refund_accepts_no_other_request(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=NotSent("no route")))
        api.refund()
        assert problem(api.refund(reason="changed my mind")) == (422, "idempotency_key_reused", "never")

    def test_an_older_key_gets_its_own_answer(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=Refused("Not today.")))
        assert problem(api.refund("first")) == (422, "refund_refused", "after")
        assert api.refund("second").status == 201

        again = api.refund("first")

        assert problem(again) == (422, "refund_refused", "after")
        assert (again.headers[REPLAYED], again.json["payment"]["refund"]["status"]) == ("true", "refunded")
        assert len(api.gateway.refund_posts) == 2

    def test_an_older_key_gets_202_if_its_refund_never_arrived(self, api: ChargeApi, paid: Payment) -> None:
        api.gateway.script_refunds(Refunds(done=False, error=NoAnswer("reset")))
        api.refund("first")
        never_arrived(api)
        assert api.refund("second").status == 201
        assert (api.refund("first").status, api.refund("first").headers[REPLAYED]) == (202, "true")

    def test_a_key_belongs_to_the_merchant_whichever_role_sends_it(self, api: ChargeApi, paid: Payment) -> None:
        api.refund()
        event = refund_event()
        event["requestContext"]["identity"]["userArn"] = "arn:aws:iam::123456789012:role/back-office"
        again = api.send(event)
        assert (again.status, again.headers[REPLAYED]) == (201, "true")
        assert len(api.gateway.refund_posts) == 1


def raise_undeclared(booked: BankCharge) -> None:
    raise UndeclaredError


class UndeclaredError(Exception):
    """An exception that no module declares."""


def never_arrived(api: ChargeApi) -> None:
    """The follow-up asks the gateway until it is certain that the refund never arrived."""
    for _ in range(10):
        api.follow_up(hours=1)
