"""The 3-D Secure page, as a browser without JavaScript uses it."""

import re

import pytest

from local.simulator.control_client import Control
from tests.local.simulator.merchant import PAYMENT, Merchant
from tests.local.simulator.webhook_receiver import WebhookReceiver


def test_the_page_shows_the_payment_and_two_buttons(merchant: Merchant) -> None:
    page = merchant.open(merchant.pay().json["redirect_url"])
    html = page.raw.decode()
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "script" not in html.lower()
    assert re.findall(r'<button[^>]*value="(\w+)">(\w+)</button>', html) == [
        ("approve", "Approve"),
        ("decline", "Decline"),
    ]
    for fact in ("100 GBP", "411111******1111", "James Dean", "12524AGSDF34DS", '<html lang="en">', 'method="post"'):
        assert fact in html


@pytest.mark.parametrize(("button", "status"), [("approve", "SUCCESS"), ("decline", "FAILED")])
def test_a_button_decides_and_redirects_to_the_shop(
    merchant: Merchant, control: Control, receiver: WebhookReceiver, button: str, status: str
) -> None:
    url = merchant.pay(webhook_url=receiver.url()).json["redirect_url"]
    assert receiver.received == []
    answer = merchant.press(url, decision=button)
    assert (answer.code, answer.headers["Location"]) == (303, PAYMENT["redirect_url"])
    assert merchant.status("12524AGSDF34DS").json["status"] == status
    assert control.wait("12524AGSDF34DS", delivered=1)
    assert [one.json["status"] for one in receiver.received] == [status]


def test_a_decided_payment_stays_decided(merchant: Merchant, control: Control, receiver: WebhookReceiver) -> None:
    url = merchant.pay(webhook_url=receiver.url()).json["redirect_url"]
    merchant.press(url, decision="approve")
    again = merchant.press(url, decision="decline")
    assert (again.code, again.headers["Location"]) == (303, PAYMENT["redirect_url"])
    reloaded = merchant.open(url).raw.decode()
    assert "This payment was approved" in reloaded
    assert "<button" not in reloaded
    assert 'href="https://shop.example/thanks?order=1&amp;ok=1"' in reloaded
    assert merchant.status("12524AGSDF34DS").json["status"] == "SUCCESS"
    assert control.wait("12524AGSDF34DS", delivered=1)
    assert len(control.deliveries()) == 1


def test_an_unknown_decision_changes_nothing(merchant: Merchant) -> None:
    url = merchant.pay().json["redirect_url"]
    assert merchant.press(url, decision="maybe").code == 400
    assert merchant.press(url).code == 400
    assert merchant.status("12524AGSDF34DS").json["status"] == "REDIRECT"


def test_everything_is_escaped(merchant: Merchant) -> None:
    evil = "<script>alert('x')</script>\"&"
    url = merchant.pay(first_name=evil, currency=evil, redirect_url='https://a.example/?"><script>').json[
        "redirect_url"
    ]
    for page in (merchant.open(url), merchant.press(url, decision="approve"), merchant.open(url)):
        assert b"<script" not in page.raw
    assert b"&lt;script&gt;" in merchant.open(url).raw


def test_an_unknown_page_is_a_404(merchant: Merchant) -> None:
    merchant.pay()
    base = "/api/v1/test/card/checkout/"
    for name in ("PA0000000000000000", "12524AGSDF34DS", "%3Cscript%3E"):
        page = merchant.open(base + name)
        assert page.code == 404
        assert b"<script" not in page.raw
        assert merchant.press(base + name, decision="approve").code == 404
