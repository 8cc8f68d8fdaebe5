"""POST /charges/{id}/refunds: what a shop is told of a refund that was taken, now and when it asks again."""

import pytest

from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, NotSent, Refused
from tests.charge.charge_api import RESOURCE, Counter, problem, refund
from tests.fakes.gateway import Booked, Refunds
from tests.recorded_events import recorded

REPLAYED = "Idempotency-Replayed"


@pytest.fixture
def paid(counter: Counter) -> Payment:
    return counter.paid()


class TestARefund:
    def test_is_answered_201_with_the_payment(self, counter: Counter, paid: Payment) -> None:
        told = counter.refunds()

        assert (told.status, told.json["id"], told.json["status"]) == (201, paid.id, "succeeded")
        assert told.json.keys() == RESOURCE
        assert told.json["refund"] == {"status": "refunded", "refunded_at": "2027-01-31T09:30:00.000Z"}
        assert told.json == counter.takes(recorded("charge-get")).json
        assert counter.gateway.refund_posts == [paid.transaction_id]

    def test_comes_with_the_payments_address_and_nothing_to_wait_for(self, counter: Counter, paid: Payment) -> None:
        told = counter.refunds()

        assert told.headers["Location"] == f"/v1/charges/{paid.id}"
        assert (told.headers["Content-Type"], told.headers["Cache-Control"]) == ("application/json", "no-store")
        assert not {"Retry-After", REPLAYED} & told.headers.keys()

    @pytest.mark.parametrize("base", ["", "/payments", "/charges", "/charges-api", "/v1"])
    def test_comes_with_an_address_under_a_custom_domains_base_path(
        self, counter: Counter, paid: Payment, base: str
    ) -> None:
        event = recorded("charge-refund")
        event["requestContext"]["path"] = f"{base}/charges/{paid.id}/refunds"
        assert counter.takes(event).headers["Location"] == f"{base}/charges/{paid.id}"

    def test_is_told_in_the_timeline(self, counter: Counter, paid: Payment) -> None:
        counter.refunds()
        entries = counter.takes(recorded("charge-timeline")).json["data"]
        assert [entry["type"] for entry in entries][-2:] == ["payment.refund_requested", "payment.refunded"]
        assert [entry["data"]["refund"]["status"] for entry in entries][-2:] == ["requested", "refunded"]

    def test_leaves_the_order_paid(self, counter: Counter, paid: Payment) -> None:
        """Who gave the money back did not undo the order: it takes no second payment by itself."""
        counter.refunds()
        assert problem(counter.charges("another-key")) == (409, "order_already_paid", "never")

    def test_may_be_asked_for_by_any_caller_who_may_use_the_api(self, counter: Counter, paid: Payment) -> None:
        event = recorded("charge-refund")
        event["requestContext"]["identity"]["userArn"] = "arn:aws:iam::123456789012:role/back-office"
        assert counter.takes(event).status == 201


class TestDoubt:
    @pytest.mark.parametrize(
        "outcome",
        [Refunds(error=NoAnswer("reset")), Refunds(changes={"refunded": False}), Refunds(changes={"amount": 7})],
        ids=["no answer", "an answer that shows none", "an answer about something else"],
    )
    def test_is_answered_202_with_where_and_when_to_look_again(
        self, counter: Counter, paid: Payment, outcome: Refunds
    ) -> None:
        counter.gateway.will_refund(outcome)
        told = counter.refunds()

        assert (told.status, told.json["refund"]) == (202, {"status": "requested", "refunded_at": None})
        assert told.json["status"] == "succeeded"
        assert told.headers["Location"] == f"/v1/charges/{paid.id}"
        assert int(told.headers["Retry-After"]) > 0

    def test_is_never_sent_again(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        told = [counter.refunds() for _ in range(3)]

        assert [each.status for each in told] == [202, 202, 202]
        assert [each.headers.get(REPLAYED) for each in told] == [None, "true", "true"]
        assert ["Retry-After" in each.headers for each in told] == [True, True, True]
        assert len(counter.gateway.refund_posts) == 1

    def test_that_was_settled_keeps_202(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(error=NoAnswer("reset")))
        counter.refunds()
        counter.follow_up(seconds=11)
        again = counter.refunds()

        assert (again.status, again.json["refund"]["status"]) == (202, "refunded")
        assert "Retry-After" not in again.headers

    def test_that_was_settled_otherwise_keeps_202(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=NoAnswer("reset")))
        counter.refunds()
        never_arrived(counter)
        again = counter.refunds()

        assert (again.status, again.json["refund"]["status"]) == (202, "failed")
        assert "Retry-After" not in again.headers


class TestWhoeverWasNeverAnswered:
    """The function dies after the refund was sent; the shop's repeat is its first answer."""

    @pytest.fixture
    def cut_off(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.before_refund_answer = explode
        assert problem(counter.refunds()) == (500, "internal_error", "same-key")
        counter.gateway.before_refund_answer = None

    @pytest.mark.usefixtures("cut_off")
    def test_is_told_to_wait(self, counter: Counter) -> None:
        again = counter.refunds()
        assert (again.status, again.json["refund"]["status"]) == (202, "requested")
        assert "Retry-After" in again.headers
        assert len(counter.gateway.refund_posts) == 1

    @pytest.mark.usefixtures("cut_off")
    def test_is_told_that_it_is_done_once_it_is(self, counter: Counter) -> None:
        counter.follow_up(seconds=61)
        again = counter.refunds()
        assert (again.status, again.json["refund"]["status"]) == (201, "refunded")

    @pytest.mark.usefixtures("cut_off")
    def test_is_never_told_201_of_a_refund_that_did_not_arrive(self, counter: Counter) -> None:
        counter.gateway.book[0].refunded = False
        never_arrived(counter)
        again = counter.refunds()
        assert (again.status, again.json["refund"]["status"]) == (202, "failed")


class TestRepeats:
    def test_get_the_payment_as_it_is_now_under_the_first_code(self, counter: Counter, paid: Payment) -> None:
        first, again = counter.refunds(), counter.refunds()

        assert (first.status, again.status, again.json) == (201, 201, first.json)
        assert (first.headers.get(REPLAYED), again.headers[REPLAYED]) == (None, "true")
        assert again.headers["Location"] == first.headers["Location"]
        assert len(counter.gateway.refund_posts) == 1

    def test_with_another_reason_are_none(self, counter: Counter, paid: Payment) -> None:
        counter.refunds()
        assert problem(counter.refunds(reason="changed his mind")) == (422, "idempotency_key_reused", "never")
        assert len(counter.gateway.refund_posts) == 1

    def test_may_use_the_key_of_the_charge(self, counter: Counter, paid: Payment) -> None:
        """A refund's key is another thing than a charge's: shops that count attempts need not think of both."""
        charged = recorded("charge-create")["headers"]["Idempotency-Key"]
        assert counter.refunds(charged).status == 201

    def test_after_the_gateway_went_away_are_answered(self, counter: Counter, paid: Payment) -> None:
        counter.refunds()
        counter.gateway.unready = NotSent("circuit open")
        assert (counter.refunds().status, counter.refunds().headers[REPLAYED]) == (201, "true")

    def test_of_what_was_not_sent_are_sent(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=NotSent("no route")))
        told = counter.refunds()
        assert problem(told) == (503, "gateway_unreachable", "same-key")
        assert int(told.headers["Retry-After"]) > 0

        again = counter.refunds()

        assert (again.status, again.headers.get(REPLAYED)) == (201, None)

    def test_of_what_was_not_sent_are_still_no_other_request(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=NotSent("no route")))
        counter.refunds()
        assert problem(counter.refunds(reason="changed his mind")) == (422, "idempotency_key_reused", "never")

    def test_of_an_older_key_get_its_own_answer(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=Refused("Not today.")))
        assert problem(counter.refunds("first")) == (422, "refund_refused", "after")
        assert counter.refunds("second").status == 201

        again = counter.refunds("first")

        assert problem(again) == (422, "refund_refused", "after")
        assert (again.headers[REPLAYED], again.json["payment"]["refund"]["status"]) == ("true", "refunded")
        assert len(counter.gateway.refund_posts) == 2

    def test_of_an_older_key_whose_refund_never_arrived_get_202(self, counter: Counter, paid: Payment) -> None:
        counter.gateway.will_refund(Refunds(done=False, error=NoAnswer("reset")))
        counter.refunds("first")
        never_arrived(counter)
        assert counter.refunds("second").status == 201
        assert (counter.refunds("first").status, counter.refunds("first").headers[REPLAYED]) == (202, "true")

    def test_are_one_callers_own(self, counter: Counter, paid: Payment) -> None:
        counter.refunds()
        event = refund()
        event["requestContext"]["identity"]["userArn"] = "arn:aws:iam::123456789012:role/back-office"
        assert problem(counter.takes(event)) == (409, "already_refunded", "never")


def explode(booked: Booked) -> None:
    raise ExplodedError


class ExplodedError(Exception):
    """What no room declares."""


def never_arrived(counter: Counter) -> None:
    """The follow-up asks until it is sure."""
    for _ in range(10):
        counter.follow_up(hours=1)
