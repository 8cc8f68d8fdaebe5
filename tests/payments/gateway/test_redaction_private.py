"""What a refusal may quote of what we sent, and nobody else may read."""

import pytest

from payments.gateway.credentials import GatewayKeys
from payments.ports.gateway import Refused
from tests.fakes.samples import submission
from tests.payments.gateway.envelopes import envelope
from tests.payments.gateway.gateway_calls import Call, Counter
from tests.payments.gateway.rogue_server import rogue
from tests.payments.gateway.simulated_gateway import answers

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
def test_a_refusal_that_quotes_it_is_kept_without_it(quoted: str, field: str) -> None:
    told = {"message": f"refused: {quoted}!", "errors": [{"field": field, "message": f"'{quoted}' is wrong"}]}
    with rogue(answers(422, told)) as server, pytest.raises(Refused) as caught:
        Counter(server, KEYS).client.charge(submission(webhook_url=ADDRESS), 5)
    kept = f"{caught.value.message} {caught.value.errors}"
    assert quoted not in kept
    assert "refused" in kept


def test_a_verdict_that_quotes_it_is_kept_without_it() -> None:
    told = envelope(status="FAILED", message=f"{SHOPPER['first_name']} may not pay via {ADDRESS}")
    with rogue(answers(200, told)) as server:
        transaction = Counter(server, KEYS).client.charge(submission(webhook_url=ADDRESS), 5)
    assert transaction.message == "••• may not pay via •••"


FRESH = GatewayKeys("PA_TEST_fresh", b"fedcba9876543210fedcba9876543210", b"the-fresh-webhook-secret")
OUR_SECRETS = ["PA_TEST_fresh", "fedcba9876543210fedcba9876543210", "the-fresh-webhook-secret"]
INVALID_KEY = answers(401, {"message": "Invalid Secret Key."})
TRIED_TWICE = pytest.mark.parametrize("call", [Counter.charge, Counter.hosted, Counter.refund])


@TRIED_TWICE
@pytest.mark.parametrize("quoted", OUR_SECRETS)
def test_keys_that_were_read_anew_are_kept_out_as_well(call: Call, quoted: str) -> None:
    told = {"message": f"refused: {quoted}!", "errors": [{"field": "zip", "message": f"'{quoted}' is wrong"}]}
    with rogue(INVALID_KEY, answers(422, told)) as server, pytest.raises(Refused) as caught:
        call(Counter(server, KEYS, FRESH), 5)
    kept = f"{caught.value.message} {caught.value.errors}"
    assert quoted not in kept
    assert "refused" in kept


@pytest.mark.parametrize("quoted", OUR_SECRETS)
@pytest.mark.parametrize("message", ["already been refunded", "already been charged back"])
def test_a_refund_that_finds_the_money_gone_quotes_no_key(message: str, quoted: str) -> None:
    with rogue(answers(400, {"message": f"{message} ({quoted})"})) as server, pytest.raises(Refused) as caught:
        Counter(server, FRESH).refund()
    assert caught.value.message == f"{message} (•••)"


@pytest.mark.parametrize("quoted", OUR_SECRETS)
def test_a_status_that_quotes_a_key_is_kept_without_it(quoted: str) -> None:
    with rogue(answers(200, envelope(message=f"asked with {quoted}"))) as server:
        assert Counter(server, FRESH).status().message == "asked with •••"
