"""A shopper in a real browser: from the redirect of a charge through the 3-D Secure page and back to the shop."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from local.simulator.control import Control
from local.stack import Shop
from local.stack.subscriber import Subscriber
from tests.flow.chromium import Page, chromium
from tests.flow.settled import Clerk, assert_told_without_a_gap


class ThankYou(BaseHTTPRequestHandler):
    """The shop's own page, where `redirect_url` leads."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Shop</title><h1>Thank you for your order</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        """Says nothing."""


@pytest.fixture(scope="module")
def thanks() -> Iterator[str]:
    """Where the shopper comes back to. Plain http is taken for this machine alone, and in test mode alone."""
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


@pytest.fixture
def clerk(shop: Shop, overdue: Any, reconcile: Any) -> Clerk:
    return Clerk(shop, overdue, reconcile)


@pytest.mark.parametrize(("caption", "status"), [("Approve", "succeeded"), ("Decline", "failed")])
def test_the_shopper_decides_and_comes_back_to_the_shop(
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    clerk: Clerk,
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
    for told in ("100 GBP", "411111******1111", "James Dean", order):
        assert told in page.text
    assert "4111111111111111" not in page.text

    page.press(caption)
    page.wait("document.title === 'Shop' && document.readyState === 'complete'")
    assert page.url == thanks
    assert page.text == "Thank you for your order"

    settled = clerk.wait(charged.json["id"], status)
    assert settled["next_action"] is None
    assert gateway.book()["posts"][order] == 1
    assert_told_without_a_gap(bus, settled)

    page.open(action["url"])
    assert page.buttons == [], "a decided payment stays decided"
