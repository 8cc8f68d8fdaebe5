"""The status endpoint."""

from local.simulator.control_client import Control
from tests.local.simulator.merchant import Merchant

ORDER = "12524AGSDF34DS"
APPROVED = "4242424242424242"


def test_status_takes_either_id_and_returns_the_amount_as_a_string(merchant: Merchant) -> None:
    paid = merchant.pay(card_number=APPROVED).json
    by_order, by_id = merchant.status(ORDER), merchant.status(paid["data"]["transaction_id"])
    assert by_order.json == by_id.json
    assert by_order.json == paid | {"data": paid["data"] | {"amount": "100"}}


def test_an_unknown_transaction_is_a_404_with_a_message_alone(merchant: Merchant) -> None:
    answer = merchant.status("nobody")
    assert (answer.code, list(answer.json)) == (404, ["message"])


def test_an_order_with_several_transactions_returns_the_latest(merchant: Merchant, control: Control) -> None:
    control.switch(refuse_duplicates=False)
    merchant.pay(card_number="4000000000000002")
    latest = merchant.pay(card_number=APPROVED).json["data"]["transaction_id"]
    assert merchant.status(ORDER).json["data"]["transaction_id"] == latest


def test_the_status_endpoint_can_be_unavailable(merchant: Merchant, control: Control) -> None:
    merchant.pay()
    control.switch(status_unavailable=True)
    assert merchant.status(ORDER).code == 503
    control.switch(status_unavailable=False)
    assert merchant.status(ORDER).code == 200
    assert control.book()["status_requests"] == {ORDER: 2}
