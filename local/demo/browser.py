"""A browser without a screen: reads a page, presses one of its buttons, and stops where it would leave this machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlencode, urljoin

import urllib3

_TIMEOUT = urllib3.Timeout(connect=5, read=15)


class Button(NamedTuple):
    name: str
    value: str


class _Form(HTMLParser):
    """The first form of the page, its hidden fields, and its buttons by their captions."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.method = "get"
        self.hidden: list[tuple[str, str]] = []
        self.buttons: dict[str, Button] = {}
        self._pressed: Button | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None:
            self.action, self.method = given.get("action", ""), given.get("method", "get").lower()
        elif tag == "input" and given.get("type") == "hidden":
            self.hidden.append((given.get("name", ""), given.get("value", "")))
        elif tag == "button":
            self._pressed = Button(given.get("name", ""), given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._pressed is not None and data.strip():
            self.buttons[data.strip()], self._pressed = self._pressed, None


@dataclass(frozen=True, slots=True)
class Page:
    url: str
    status: int
    form: _Form = field(repr=False)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where the last answer sends the browser."""

    status: int
    to: str | None


class Browser:
    def __init__(self) -> None:
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    def open(self, url: str) -> Page:
        answer = self._http.request("GET", url, headers={"Accept": "text/html"}, redirect=False)
        form = _Form()
        form.feed(answer.data.decode())
        return Page(url, answer.status, form)

    def press(self, page: Page, caption: str) -> Redirect:
        """Does not follow: the shop's address is on the internet, and the demo stays here."""
        body = urlencode([*page.form.hidden, page.form.buttons[caption]])
        answer = self._http.request(
            page.form.method.upper(),
            urljoin(page.url, page.form.action or page.url),
            body=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            redirect=False,
        )
        return Redirect(answer.status, answer.headers.get("Location"))
