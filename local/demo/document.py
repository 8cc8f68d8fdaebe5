"""The payment of the gateway's document, without `webhook_url`, which the service sets itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "events/charge-document.json"


def payment() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text())
    return document


def masked(payment: dict[str, Any]) -> dict[str, Any]:
    """The payment with card number and CVV masked."""
    number = str(payment["card_number"])
    hidden = {"card_number": f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}", "card_cvv": "***"}
    return {name: hidden.get(name, value) for name, value in payment.items()}
