"""GET /charges/{id}, its timeline and the payments of an order."""

import pytest

from payments.ports.gateway import NoAnswer
from tests.charge.charge_api import ChargeApi, problem
from tests.fakes.gateway import Fails
from tests.recorded_events import recorded

PAYMENT_ID = recorded("charge-get")["pathParameters"]["id"]


class TestPayment:
    def test_a_payment_is_read_as_it_was_answered(self, api: ChargeApi) -> None:
        made = api.send(recorded("charge-create")).json
        response = api.send(recorded("charge-get"))
        assert (response.status, response.json) == (200, made)

    def test_a_payment_without_a_verdict_has_retry_after(self, api: ChargeApi) -> None:
        api.gateway.script_charges(Fails(NoAnswer("no answer"), raw_status="SUCCESS"))
        api.send(recorded("charge-create"))
        assert "Retry-After" in api.send(recorded("charge-get")).headers

    def test_a_refresh_asks_the_gateway_at_most_once_in_five_seconds(self, api: ChargeApi) -> None:
        api.send(recorded("charge-create"))
        for seconds, asked in ((0, 1), (4, 1), (1.001, 2)):
            api.clock.forward(seconds=seconds)
            assert api.send(recorded("charge-refresh")).status == 200
            assert len(api.gateway.asked) == asked

    def test_a_refresh_without_an_answer_shows_the_last_known_state(self, api: ChargeApi) -> None:
        api.send(recorded("charge-create"))
        api.gateway.script_statuses(NoAnswer("no answer"))
        response = api.send(recorded("charge-refresh"))
        assert (response.status, response.json["status"]) == (200, "requires_action")

    def test_the_timeline_lists_the_events_in_order(self, api: ChargeApi) -> None:
        api.send(recorded("charge-create"))
        entries = api.send(recorded("charge-timeline")).json["data"]
        assert [entry["metadata"]["sequence"] for entry in entries] == [1, 2]
        assert [entry["type"] for entry in entries] == ["payment.processing", "payment.requires_action"]
        assert [entry["published"] for entry in entries] == [False, False]

    @pytest.mark.parametrize("name", ["charge-get", "charge-refresh", "charge-timeline"])
    @pytest.mark.parametrize("payment_id", [PAYMENT_ID, "order#12524AGSDF34DS", "", "pay_", "a" * 3000, "\ud800", None])
    def test_an_unknown_payment_is_404(self, api: ChargeApi, name: str, payment_id: str | None) -> None:
        event = recorded(name, pathParameters={"id": payment_id})
        assert problem(api.send(event)) == (404, "payment_not_found", "never")

    def test_an_order_without_payments_is_an_empty_list(self, api: ChargeApi) -> None:
        response = api.send(recorded("charge-attempts"))
        assert (response.status, response.json) == (200, {"data": []})

    @pytest.mark.parametrize("query", [None, {}, {"order_id": ""}, {"order": "12524AGSDF34DS"}])
    def test_a_missing_order_id_is_400(self, api: ChargeApi, query: dict[str, str] | None) -> None:
        event = recorded("charge-attempts", queryStringParameters=query)
        assert problem(api.send(event)) == (400, "order_id_missing", "never")

    def test_an_unknown_route_is_404(self, api: ChargeApi) -> None:
        event = recorded("charge-get", resource="/charges/{id}/secrets")
        assert problem(api.send(event)) == (404, "not_found", "never")


class TestOfTheOtherMode:
    """A stack that was switched to live still has the payments of test mode."""

    def test_a_payment_is_shown_with_its_mode(self, api: ChargeApi) -> None:
        tested = api.send(recorded("charge-create")).json
        api.live = True
        shown = api.send(recorded("charge-get"))
        assert (shown.status, shown.json["id"], shown.json["live"]) == (200, tested["id"], False)

    def test_an_order_lists_the_payments_of_the_stacks_own_mode(self, api: ChargeApi) -> None:
        tested = api.send(recorded("charge-create")).json["id"]
        api.live = True
        assert api.send(recorded("charge-attempts")).json == {"data": []}
        live = api.charge(ip_address="1.1.1.1", redirect_url="https://pay.agency").json["id"]
        assert [payment["id"] for payment in api.send(recorded("charge-attempts")).json["data"]] == [live]
        api.live = False
        assert [payment["id"] for payment in api.send(recorded("charge-attempts")).json["data"]] == [tested]
