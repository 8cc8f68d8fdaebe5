"""The hosted payment: its endpoint, and its page as a browser without JavaScript uses it."""

import json
import re

import pytest

from local.simulator.cards import CARDS
from local.simulator.control_client import Control
from local.simulator.scenarios import SCENARIOS
from tests.local.simulator.merchant import CARD, PAYMENT, Answer, Merchant
from tests.local.simulator.webhook_receiver import WebhookReceiver

ORDER = "12524AGSDF34DS"
TYPED = {"card_number": "4242 4242 4242 4242", "card_expiry": "12/49", "card_cvv": "739"}


@pytest.fixture
def url(merchant: Merchant) -> str:
    """The page of a hosted payment that has no card yet."""
    return str(merchant.pay_hosted().json["redirect_url"])


def enter(merchant: Merchant, url: str, **changes: str) -> Answer:
    return merchant.press(url, **(TYPED | changes))


def test_the_answer_has_the_url_of_the_page(merchant: Merchant, control: Control) -> None:
    answer = merchant.pay_hosted()
    assert (answer.code, answer.json["status"]) == (200, "REDIRECT")
    transaction_id = answer.json["data"]["transaction_id"]
    page = f"{merchant.simulator.url}/api/v1/test/hosted/card/checkout/{transaction_id}"
    assert answer.json["redirect_url"] == page
    assert "redirect_url" not in merchant.status(ORDER).json, "only the reply has the page"
    control.switch(status_names_page=True)
    assert merchant.status(ORDER).json["redirect_url"] == page


@pytest.mark.parametrize("name", CARD)
def test_the_endpoint_refuses_card_data(merchant: Merchant, control: Control, name: str) -> None:
    refused = merchant.pay_hosted(**{name: CARD[name]})
    assert (refused.code, refused.json["errors"][0]["field"]) == (422, name)
    assert control.book()["transactions"] == []


def test_the_page_has_a_form_with_labels_and_autofill_names(merchant: Merchant, url: str) -> None:
    page = merchant.open(url)
    html = page.raw.decode()
    assert "script" not in html.lower()
    autofill = {"card_number": "cc-number", "card_expiry": "cc-exp", "card_cvv": "cc-csc"}
    for name, autocomplete in autofill.items():
        assert f'<label for="{name}">' in html
        assert re.search(rf'<input id="{name}" name="{name}"[^>]* autocomplete="{autocomplete}"[^>]* required>', html)
    assert re.findall(r"<button[^>]*>([^<]+)</button>", html) == ["Pay", "Cancel and go back to the shop"]
    for fact in ("100 GBP", "James Dean", ORDER, '<html lang="en">'):
        assert fact in html
    assert "form-action" not in page.headers["Content-Security-Policy"]  # it would block the redirect to the shop


def test_a_card_pays_and_redirects_to_the_shop(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    url = merchant.pay_hosted(webhook_url=receiver.url()).json["redirect_url"]
    answer = enter(merchant, url)
    assert (answer.code, answer.headers["Location"]) == (303, PAYMENT["redirect_url"])
    assert control.wait(ORDER, delivered=1, status="SUCCESS")
    assert control.transaction(ORDER)["card_number"] == "424242******4242"


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("card_number", "4242424242424241"),
        ("card_expiry", "01/20"),
        ("card_cvv", "7391"),
        ("card_number", ""),
        ("card_expiry", ""),
        ("card_cvv", ""),
    ],
)
def test_a_wrong_entry_shows_the_form_again_and_charges_nothing(
    merchant: Merchant, control: Control, url: str, field: str, typed: str
) -> None:
    page = enter(merchant, url, **{field: typed})
    html = page.raw.decode()
    assert page.code == 422
    assert html.count('role="alert"') == 1
    assert f'aria-invalid="true" aria-describedby="{field}_fault" autofocus' in html
    assert f'id="{field}_fault"' in html
    for secret in ("4242424242424241", "4242 4242 4242 4242", "7391", "739"):
        assert secret not in html.replace(control.transaction(ORDER)["transaction_id"], "")
    before = control.transaction(ORDER)
    assert (before["status"], before["card_number"]) == ("REDIRECT", None)
    assert enter(merchant, url).code == 303
    assert control.transaction(ORDER)["status"] == "SUCCESS"


def test_several_wrong_entries_are_shown_at_once_and_the_first_has_the_focus(merchant: Merchant, url: str) -> None:
    html = merchant.press(url).raw.decode()
    assert html.count('role="alert"') == 3
    assert html.count("autofocus") == 1


VERDICTS = {number: scenario for number, scenario in CARDS.items() if SCENARIOS[scenario].verdict is not None}


@pytest.mark.parametrize(("number", "scenario"), VERDICTS.items())
def test_the_card_chooses_the_outcome_as_in_a_card_payment(
    merchant: Merchant, control: Control, url: str, number: str, scenario: str
) -> None:
    answer = enter(merchant, url, card_number=number, card_cvv="7391" if number.startswith("37") else "739")
    status = SCENARIOS[scenario].verdict
    challenge = url.replace("/hosted", "")
    assert answer.code == 303
    assert answer.headers["Location"] == (challenge if status == "REDIRECT" else PAYMENT["redirect_url"])
    assert control.transaction(ORDER)["status"] == status


def test_a_card_that_never_reaches_the_bank_leaves_the_page_open(
    merchant: Merchant, control: Control, url: str
) -> None:
    assert enter(merchant, url, card_number="4000000000020000").headers["Location"] == PAYMENT["redirect_url"]
    assert control.transaction(ORDER)["card_number"] is None
    assert b"Card number" in merchant.open(url).raw


def test_a_card_that_is_not_supported_is_declined_with_the_documented_message(merchant: Merchant, url: str) -> None:
    enter(merchant, url, card_number="4917610000000000")
    answer = merchant.status(ORDER).json
    assert (answer["status"], answer["message"]) == ("FAILED", "The Card is not supported for testing.")


def test_after_a_challenge_is_decided_the_form_is_closed(merchant: Merchant, url: str) -> None:
    challenge = enter(merchant, url, card_number=PAYMENT["card_number"]).headers["Location"]
    assert b"Approve" in merchant.open(challenge).raw
    assert merchant.open(url).headers["Location"] == challenge
    assert enter(merchant, url).headers["Location"] == challenge
    merchant.press(challenge, decision="decline")
    assert merchant.status(ORDER).json["status"] == "FAILED"
    assert enter(merchant, url).headers["Location"] == PAYMENT["redirect_url"]
    assert merchant.status(ORDER).json["status"] == "FAILED"


def test_a_pending_payment_takes_no_second_card(merchant: Merchant, control: Control, url: str) -> None:
    enter(merchant, url, card_number="4000000000000028")
    assert b"This payment is on its way" in merchant.open(url).raw
    enter(merchant, url)
    assert control.transaction(ORDER)["status"] == "PENDING"


def test_there_is_no_challenge_without_a_card(merchant: Merchant, url: str) -> None:
    challenge = url.replace("/hosted", "")
    assert merchant.open(challenge).code == 303
    assert merchant.press(challenge, decision="approve").code == 303
    assert merchant.status(ORDER).json["status"] == "REDIRECT"


def test_a_card_payment_has_no_card_form(merchant: Merchant, control: Control) -> None:
    url = merchant.pay().json["redirect_url"].replace("/card/", "/hosted/card/")
    assert merchant.open(url).code == 404
    assert enter(merchant, url).code == 404
    assert merchant.press(url, decision="abandon").code == 404
    assert control.transaction(ORDER)["status"] == "REDIRECT"


def test_a_shopper_may_leave_without_paying(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    url = merchant.pay_hosted(webhook_url=receiver.url()).json["redirect_url"]
    answer = merchant.press(url, decision="abandon")
    assert (answer.code, answer.headers["Location"]) == (303, PAYMENT["redirect_url"])
    assert control.transaction(ORDER)["status"] == "ABANDONED"
    assert b"This payment was abandoned" in merchant.open(url).raw
    enter(merchant, url)
    assert control.transaction(ORDER)["status"] == "ABANDONED"
    assert not control.wait(ORDER, deliveries=1, timeout=0.05)


def test_only_the_masked_card_number_is_stored(merchant: Merchant, control: Control, url: str) -> None:
    enter(merchant, url, card_cvv="7391")
    enter(merchant, url, card_expiry="09/47")
    listed = merchant.get("/api/v1/test-transactions").json["data"]
    assert (listed[0]["card_number"], listed[0]["card_type"]) == ("424242******4242", "VISA")
    seen = json.dumps([control.book(), listed, merchant.status(ORDER).json])
    for secret in ("4242424242424242", "4242 4242", "09/47", "cvv"):
        assert secret not in seen


def test_a_scripted_webhook_and_status_override_those_of_the_card(
    merchant: Merchant, control: Control, receiver: WebhookReceiver
) -> None:
    control.script("redirect", call="hosted", webhook="lost", status_lie="amount")
    url = merchant.pay_hosted(webhook_url=receiver.url()).json["redirect_url"]
    enter(merchant, url, card_number="4000000000060022")  # by itself this card sends its webhook three times
    assert merchant.status(ORDER).json["data"]["amount"] == "10000"
    assert not control.wait(ORDER, deliveries=1, timeout=0.05)


def test_the_answer_to_the_request_can_be_faulty_too(merchant: Merchant, control: Control) -> None:
    control.script("charged-then-500", call="hosted", outcome="redirect")
    assert merchant.pay_hosted().code == 500
    control.switch(status_names_page=True)
    page = merchant.status(ORDER).json["redirect_url"]
    assert enter(merchant, page).code == 303
    assert control.book()["posts"] == {ORDER: 1}
