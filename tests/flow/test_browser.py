"""A shopper in a real browser: from a charge's redirect through the gateway's pages back to the shop."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber
from tests.flow.chromium import Page, chromium
from tests.flow.payment_tracker import PaymentTracker, assert_charged_once, assert_published_without_a_gap


class ThankYou(BaseHTTPRequestHandler):
    """The shop's own page at `redirect_url`."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Shop</title><h1>Thank you for your order</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        """Logs nothing."""


@pytest.fixture(scope="module")
def thanks() -> Iterator[str]:
    """The address the shopper returns to. Plain http is accepted only for this machine, and only in test mode."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ThankYou) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/thanks?basket=7"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def page() -> Iterator[Page]:
    with chromium() as page:
        yield page


@pytest.mark.parametrize(("caption", "status"), [("Approve", "succeeded"), ("Decline", "failed")])
def test_the_shopper_decides_and_returns_to_the_shop(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    tracker: PaymentTracker,
    payment: dict[str, Any],
    page: Page,
    thanks: str,
    caption: str,
    status: str,
) -> None:
    order = f"browser-{caption.lower()}"
    charged = shop.charge(payment | {"order_id": order, "redirect_url": thanks}, order)
    assert charged.status == 201, charged.body
    action = charged.json["next_action"]
    assert action["type"] == "redirect"

    page.open(action["url"])
    assert page.buttons == ["Approve", "Decline"]
    for text in ("100 GBP", "411111******1111", "James Dean", order):
        assert text in page.text
    assert "4111111111111111" not in page.text

    page.press(caption)
    assert_is_back(page, thanks)

    final = tracker.wait_until(charged.json["id"], status)
    assert final["next_action"] is None
    assert gateway.book()["posts"][order] == 1
    assert_published_without_a_gap(bus, final)

    page.open(action["url"])
    assert page.buttons == [], "a decided payment stays decided"


@pytest.fixture
def hosted(payment: dict[str, Any], thanks: str) -> dict[str, Any]:
    """The documented payment without a card: the shopper enters it at the gateway."""
    fields = {name: value for name, value in payment.items() if not name.startswith("card_")}
    return fields | {"payment_method": "hosted", "redirect_url": thanks}


def enter(page: Page, number: str, expiry: str = "12 / 30", cvv: str = "029") -> None:
    """Types as shoppers do: digits in groups, and blanks around the slash."""
    page.fill("Card number", number)
    page.fill("Expiry (MM/YY)", expiry)
    page.fill("Security code", cvv)
    page.press("Pay")


def assert_is_back(page: Page, thanks: str) -> None:
    page.wait("document.title === 'Shop' && document.readyState === 'complete'")
    assert page.url == thanks
    assert page.text == "Thank you for your order"


def test_the_shopper_corrects_a_mistyped_card_and_returns_to_the_shop(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    tracker: PaymentTracker,
    hosted: dict[str, Any],
    page: Page,
    thanks: str,
) -> None:
    order = "browser-hosted"
    charged = shop.charge(hosted | {"order_id": order}, order)
    assert (charged.status, charged.json["status"]) == (201, "requires_action"), charged.body
    page.open(charged.json["next_action"]["url"])
    assert page.buttons == ["Pay", "Cancel and go back to the shop"]
    for text in ("100 GBP", "James Dean", order):
        assert text in page.text

    enter(page, "4111 1111 1111 1112")
    page.wait("document.querySelector('[role=alert]') && document.readyState === 'complete'")
    assert "digits do not add up" in page.text
    assert page.evaluate("document.activeElement.name") == "card_number", "the field to correct has the focus"
    assert "4111" not in str(page.evaluate("document.documentElement.outerHTML"))
    assert gateway.transaction(order)["status"] == "REDIRECT"
    assert tracker.read(charged.json["id"])["status"] == "requires_action"

    enter(page, "4111 1111 1111 1111")
    page.wait("document.querySelector('button[value=approve]')")
    assert "411111******1111" in page.text
    page.press("Approve")
    assert_is_back(page, thanks)

    final = tracker.wait_until(charged.json["id"], "succeeded")
    assert (final["next_action"], final["card"]) == (None, None)
    assert_charged_once(gateway, order)
    assert_published_without_a_gap(bus, final)
    page.open(charged.json["next_action"]["url"])
    assert page.buttons == [], "a decided payment stays decided"


@pytest.mark.parametrize("ending", ["failed", "abandoned"])
def test_the_shopper_returns_without_having_paid(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    tracker: PaymentTracker,
    hosted: dict[str, Any],
    page: Page,
    thanks: str,
    ending: str,
) -> None:
    order = f"browser-hosted-{ending}"
    charged = shop.charge(hosted | {"order_id": order}, order).json
    page.open(charged["next_action"]["url"])
    if ending == "failed":
        enter(page, "4000 0000 0000 0002")
    else:
        page.press("Cancel and go back to the shop")
    assert_is_back(page, thanks)
    # The gateway sends no webhook for an abandoned payment: the follow-up asks for the status.
    final = (tracker.wait_until if ending == "failed" else tracker.follow_up_until)(charged["id"], ending)
    assert final["failure"]["code"] == ("declined" if ending == "failed" else "abandoned")
    assert gateway.book()["posts"][order] == 1
    assert_published_without_a_gap(bus, final)
