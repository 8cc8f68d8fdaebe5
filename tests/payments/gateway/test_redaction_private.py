"""Keys, webhook URLs and shopper data that the gateway quotes are removed from its messages."""

import pytest

from payments.gateway.credentials import GatewayKeys
from payments.ports.gateway import Refused
from tests.fakes.samples import submission
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.gateway_calls import Call, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers

KEYS = GatewayKeys("PA_TEST_sesame", b"0123456789abcdef0123456789abcdef", b"the-webhook-secret")
ADDRESS = "https://api.example/v1/webhooks/pay-agency/pay_1/5ca1ab1e5ca1ab1e"
SHOPPER = submission().shopper

QUOTED = {
    "the webhook's address": ADDRESS,
    "its token": "5ca1ab1e5ca1ab1e",
    "the secret key": "PA_TEST_sesame",
    "the encryption key": "0123456789abcdef0123456789abcdef",
    "the webhook secret": "the-webhook-secret",
    "a name": SHOPPER["first_name"],
    "an address": SHOPPER["address"],
    "a phone number": SHOPPER["phone_number"],
}


@pytest.mark.parametrize("quoted", QUOTED.values(), ids=list(QUOTED))
@pytest.mark.parametrize("field", ["webhook_url", "zip"])
def test_a_refusal_does_not_quote_private_data(quoted: str, field: str) -> None:
    reply = {"message": f"refused: {quoted}!", "errors": [{"field": field, "message": f"'{quoted}' is wrong"}]}
    with rogue_server(answers(422, reply)) as server, pytest.raises(Refused) as caught:
        GatewayCalls(server, KEYS).client.charge(submission(webhook_url=ADDRESS), 5)
    message = f"{caught.value.message} {caught.value.errors}"
    assert quoted not in message
    assert "refused" in message


def test_a_verdict_does_not_quote_private_data() -> None:
    reply = envelope(status="FAILED", message=f"{SHOPPER['first_name']} may not pay via {ADDRESS}")
    with rogue_server(answers(200, reply)) as server:
        transaction = GatewayCalls(server, KEYS).client.charge(submission(webhook_url=ADDRESS), 5)
    assert transaction.message == "••• may not pay via •••"


def test_a_short_name_is_hidden_and_other_short_values_are_not() -> None:
    """A value of fewer than four letters occurs in any sentence; a name says who it is about at any length."""
    shopper = {**SHOPPER, "first_name": "Bo", "last_name": "Li", "state": "KEN", "zip": "1234"}
    reply = envelope(status="FAILED", message="Bo Li may not pay in KEN 1234")
    with rogue_server(answers(200, reply)) as server:
        transaction = GatewayCalls(server, KEYS).client.charge(submission(shopper=shopper), 5)
    assert transaction.message == "••• ••• may not pay in KEN •••"


FRESH = GatewayKeys("PA_TEST_fresh", b"fedcba9876543210fedcba9876543210", b"the-fresh-webhook-secret")
OUR_SECRETS = ["PA_TEST_fresh", "fedcba9876543210fedcba9876543210", "the-fresh-webhook-secret"]
INVALID_KEY = answers(401, {"message": "Invalid Secret Key."})
SENT_TWICE = pytest.mark.parametrize("call", [GatewayCalls.charge, GatewayCalls.hosted, GatewayCalls.refund])


@SENT_TWICE
@pytest.mark.parametrize("quoted", OUR_SECRETS)
def test_a_refusal_does_not_quote_reloaded_keys(call: Call, quoted: str) -> None:
    reply = {"message": f"refused: {quoted}!", "errors": [{"field": "zip", "message": f"'{quoted}' is wrong"}]}
    with rogue_server(INVALID_KEY, answers(422, reply)) as server, pytest.raises(Refused) as caught:
        call(GatewayCalls(server, KEYS, FRESH), 5)
    message = f"{caught.value.message} {caught.value.errors}"
    assert quoted not in message
    assert "refused" in message


@pytest.mark.parametrize("quoted", OUR_SECRETS)
@pytest.mark.parametrize("message", ["already been refunded", "already been charged back"])
def test_a_refund_refused_as_already_returned_does_not_quote_a_key(message: str, quoted: str) -> None:
    with rogue_server(answers(400, {"message": f"{message} ({quoted})"})) as server, pytest.raises(Refused) as caught:
        GatewayCalls(server, FRESH).refund()
    assert caught.value.message == f"{message} (•••)"


@pytest.mark.parametrize("quoted", OUR_SECRETS)
def test_a_status_does_not_quote_a_key(quoted: str) -> None:
    with rogue_server(answers(200, envelope(message=f"asked with {quoted}"))) as server:
        assert GatewayCalls(server, FRESH).status().message == "asked with •••"
