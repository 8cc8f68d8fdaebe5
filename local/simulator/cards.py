"""The scenario of each test card. Any other card is declined as not supported for testing, as the document says."""

from __future__ import annotations

from typing import Final

CARDS: Final[dict[str, str]] = {
    # The card of the reference document, with the document's answer.
    "4111111111111111": "redirect",
    # One approved card for each brand.
    "4242424242424242": "approve",
    "5555555555554444": "approve",
    "2223003122003222": "approve",
    "378282246310005": "approve",
    "6011111111111117": "approve",
    "3566002020360505": "approve",
    "30569309025904": "approve",
    "6759649826438453": "approve",
    # Verdicts.
    "4000000000000002": "decline",
    "4000000000000010": "blocked",
    "4000000000000028": "pending",
    "4000000000000036": "init",
    "4000000000000044": "abandoned",
    "4000000000000051": "unknown-status",
    # Charged, but the answer does not reach the merchant.
    "4000000000010001": "charged-then-timeout",
    "4000000000010019": "charged-then-500",
    "4000000000010027": "charged-then-reset",
    "4000000000010035": "charged-then-cut-off",
    "4000000000010043": "garbage",
    "4000000000010050": "truncated",
    "4000000000010068": "slow",
    "4000000000010076": "slow-drip",
    "4000000000010084": "too-large",
    "4000000000010092": "elsewhere",
    "4000000000010100": "held",
    "4000000000010118": "envelope-with-500",
    "4000000000010126": "stalled",
    # Not charged, and the answer does not reach the merchant.
    "4000000000020000": "uncharged-timeout",
    "4000000000020018": "uncharged-reset",
    "4000000000020026": "uncharged-500",
    # Refused.
    "4000000000030009": "refused-422",
    "4000000000030017": "refused-400",
    "4000000000030025": "bad-credentials",
    "4000000000030033": "forbidden",
    "4000000000030041": "unavailable",
    # Answers that do not match the request.
    "4000000000040008": "wrong-amount",
    "4000000000040016": "wrong-currency",
    "4000000000040024": "wrong-order-id",
    "4000000000040032": "wrong-transaction-id",
    # The status endpoint lags or is down.
    "4000000000050007": "status-404-then-found",
    "4000000000050015": "status-unavailable",
    # Webhooks that are lost, late, repeated, reordered or badly signed.
    "4000000000060006": "webhook-unsigned",
    "4000000000060014": "webhook-wrongly-signed",
    "4000000000060022": "webhook-duplicate",
    "4000000000060030": "webhook-late",
    "4000000000060048": "webhook-reordered",
    "4000000000060055": "webhook-lost",
    "4000000000060063": "webhook-first",
}


def masked(card_number: object) -> str:
    """The first 6 and last 4 digits; only asterisks if the value does not look like a card number."""
    if isinstance(card_number, str) and card_number.isdigit() and 12 <= len(card_number) <= 19:
        return f"{card_number[:6]}{'*' * (len(card_number) - 10)}{card_number[-4:]}"
    return "******"


def brand(card_number: str) -> str:
    prefixes = {"4": "VISA", "34": "AMEX", "37": "AMEX", "6011": "DISCOVER", "35": "JCB", "30": "DINERS"}
    found = [prefixes[p] for p in sorted(prefixes, key=len, reverse=True) if card_number.startswith(p)]
    if found:
        return found[0]
    return "MASTERCARD" if card_number[:1] in {"5", "2"} else "OTHER"
