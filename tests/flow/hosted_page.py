"""The gateway's hosted page, filled in as a browser would post it."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import urllib3

CVV: Final = "029"


@dataclass(frozen=True)
class Shown:
    """The page's answer: the form again with an error, or the address that the shopper is sent to."""

    status: int
    text: str
    to: str | None


def enter(url: str, number: str, expiry: str = "12/30", cvv: str = CVV) -> Shown:
    """Enters a card into the form at this address, and presses Pay."""
    return _posted(url, {"card_number": number, "card_expiry": expiry, "card_cvv": cvv})


def press(url: str, decision: str) -> Shown:
    """Presses the page's button with this decision."""
    return _posted(url, {"decision": decision})


def _posted(url: str, fields: dict[str, str]) -> Shown:
    answer = urllib3.request(
        "POST",
        url,
        body=urlencode(fields),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        redirect=False,
        retries=False,
    )
    return Shown(answer.status, answer.data.decode(), answer.headers.get("Location"))
