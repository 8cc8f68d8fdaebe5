"""A charge on the hosted payment page: another path, and the same payload without the card."""

import json

import pytest

from local.simulator.crypto import decrypt
from payments.gateway.credentials import Mode
from payments.gateway.payloads import charge_payload
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from tests.fakes.samples import submission
from tests.payments.gateway.envelopes import MINOR, envelope
from tests.payments.gateway.gateway_calls import OLD, GatewayCalls
from tests.payments.gateway.rogue_server import rogue_server
from tests.payments.gateway.server_behaviours import answers

PAGE = "https://front.example/v1/test/card/hosted/PA0000000000000001"
REDIRECT = envelope(status="REDIRECT", redirect_url=PAGE)


@pytest.mark.parametrize("mode", ["test", "live"])
def test_a_hosted_charge_is_encrypted_and_has_its_own_path(mode: Mode) -> None:
    with rogue_server(answers(200, REDIRECT)) as server:
        GatewayCalls(server, OLD, mode=mode).hosted()

        (request,) = server.requests
        assert request.line == f"POST /api/v1/{mode}/hosted/card HTTP/1.1"
        body = json.loads(request.body)
        assert list(body) == ["payload"]
        fields = json.loads(decrypt(body["payload"], OLD.encryption_key.decode()))
        assert not [name for name in fields if "card" in name or "cvv" in name]


def test_the_payload_is_that_of_a_card_charge_without_the_card() -> None:
    with_card = json.loads(charge_payload(submission(), MINOR))
    without = json.loads(charge_payload(submission(card=None), MINOR))

    assert without == {name: value for name, value in with_card.items() if not name.startswith("card_")}
    assert len(with_card) - len(without) == 4


def test_the_hosted_page_may_be_on_another_host() -> None:
    with rogue_server(answers(200, REDIRECT)) as server:
        transaction = GatewayCalls(server, OLD).hosted()

    assert (transaction.verdict, transaction.redirect_url) == (Status.REQUIRES_ACTION, PAGE)


@pytest.mark.parametrize("page", ["javascript:alert(1)", "//front.example", "", None, 7, "https://a\u2028b"])
def test_an_invalid_url_is_not_used_as_the_hosted_page(page: object) -> None:
    with rogue_server(answers(200, envelope(status="REDIRECT", redirect_url=page))) as server:
        transaction = GatewayCalls(server, OLD).hosted()

    assert (transaction.verdict, transaction.redirect_url) == (Status.REQUIRES_ACTION, None)


def test_a_page_without_a_transaction_is_no_answer() -> None:
    """The tests of one of the gateway's SDKs have such a reply. The payment's status is queried, so it is not lost."""
    with rogue_server(answers(200, {"status": "REDIRECT", "message": "ok", "redirect_url": PAGE})) as server:
        with pytest.raises(NoAnswer):
            GatewayCalls(server, OLD).hosted()
        assert len(server.requests) == 1
