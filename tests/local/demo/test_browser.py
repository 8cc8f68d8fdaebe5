"""The demo's browser submits the form of the pressed button."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from local.demo.browser import Browser, Redirect

PAGE = b"""<!doctype html><form action="/answer" method="post">
<input type="hidden" name="challenge" value="c&amp;1">
<button name="decision" value="approve">
  Approve</button><button name="decision" value="decline">Decline</button></form>
<form action="/newsletter"><button>Subscribe</button></form>"""


class BankPage(BaseHTTPRequestHandler):
    posted: list[tuple[str, dict[str, list[str]]]]

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAGE)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.posted.append((self.path, parse_qs(body)))
        self.send_response(303)
        self.send_header("Location", "https://shop.example/back")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def bank() -> Iterator[str]:
    BankPage.posted = []
    with HTTPServer(("127.0.0.1", 0), BankPage) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/challenge"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("caption", ["Approve", "Decline"])
def test_pressing_a_button_posts_its_form_and_returns_the_redirect(bank: str, caption: str) -> None:
    browser = Browser()
    page = browser.open(bank)
    assert browser.press(page, caption) == Redirect(303, "https://shop.example/back")
    assert BankPage.posted == [("/answer", {"challenge": ["c&1"], "decision": [caption.lower()]})]
