"""The payment that the gateway's document prints, less `webhook_url`, which the deployment sets itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "events/charge-document.json"


def payment() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text())
    return document


def masked(payment: dict[str, Any]) -> dict[str, Any]:
    """As it may be shown on a screen."""
    number = str(payment["card_number"])
    hidden = {"card_number": f"{number[:6]}{'*' * (len(number) - 10)}{number[-4:]}", "card_cvv": "***"}
    return {name: hidden.get(name, value) for name, value in payment.items()}
