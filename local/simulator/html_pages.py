"""The shopper's pages as HTML. Every value is escaped; the pages have no script and load nothing."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.simulator.transaction import Transaction

_STYLE: Final = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")

_FRAME: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<p class="banner">Simulated bank. No money moves here.</p>
<main>
$body
</main>
</body>
</html>
""")

_CHALLENGE: Final = Template("""<p class="eyebrow">3-D Secure</p>
<h1>Confirm your payment</h1>
$summary
<form method="post">
<button class="primary" type="submit" name="decision" value="approve">Approve</button>
<button type="submit" name="decision" value="decline">Decline</button>
</form>
<p class="small">You will be taken back to the shop.</p>""")

_CARD_FORM: Final = Template("""<p class="eyebrow">Hosted payment page</p>
<h1>Pay by card</h1>
$summary
<form method="post">
$number
<div class="pair">
$expiry
$cvv
</div>
<button class="primary" type="submit">Pay</button>
</form>
<form method="post">
<button class="link" type="submit" name="decision" value="abandon">Cancel and go back to the shop</button>
</form>""")

_FIELD: Final = Template("""<div><label for="$name">$label</label>
<input id="$name" name="$name" inputmode="numeric" autocomplete="$autofill" maxlength="$longest" required$state>
$fault</div>""")

_DECIDED: Final = Template("""<p class="eyebrow">Payment $status</p>
<h1>$headline</h1>
$summary
<p class="small">$message</p>
$link""")

_HEADLINES: Final = {
    "SUCCESS": "This payment was approved",
    "FAILED": "This payment was declined",
    "BLOCKED": "This payment was blocked",
    "ABANDONED": "This payment was abandoned",
}


def challenge(transaction: Transaction) -> str:
    return _framed("Confirm your payment", _CHALLENGE.substitute(summary=_summary(transaction)))


def card_form(transaction: Transaction, faults: Mapping[str, str] | None = None) -> str:
    """`faults` by field. The entered values are not shown again, so that no page holds a card number."""
    faults = faults or {}
    body = _CARD_FORM.substitute(
        summary=_summary(transaction),
        number=_field("card_number", "Card number", "cc-number", 23, faults),
        expiry=_field("card_expiry", "Expiry (MM/YY)", "cc-exp", 9, faults),
        cvv=_field("card_cvv", "Security code", "cc-csc", 4, faults),
    )
    return _framed("Pay by card", body)


def decided(transaction: Transaction) -> str:
    url = transaction.order.redirect_url
    headline = _HEADLINES.get(transaction.status, "This payment is on its way")
    body = _DECIDED.substitute(
        status=escape(transaction.status.lower()),
        headline=escape(headline),
        summary=_summary(transaction),
        message=escape(transaction.message),
        link=f'<p><a class="button" href="{escape(url)}">Back to the shop</a></p>' if url else "",
    )
    return _framed(headline, body)


def unknown() -> str:
    return _framed("Not found", "<h1>There is no such payment</h1><p>The link may have been cut short.</p>")


def _summary(transaction: Transaction) -> str:
    order = transaction.order
    rows = {
        # As the merchant sent it; the simulator does not know whether it is in pence or pounds.
        "Amount as sent": f"{order.amount} {order.currency}",
        "Card": order.card_number,
        "Cardholder": f"{order.customer.first_name} {order.customer.last_name}",
        "Order": order.order_id,
        "Reference": transaction.transaction_id,
    }
    lines = [f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows.items() if value]
    return f"<dl>{''.join(lines)}</dl>"


def _field(name: str, label: str, autofill: str, longest: int, faults: Mapping[str, str]) -> str:
    fault, state = "", ""
    if name in faults:
        fault = f'<p class="fault" role="alert" id="{name}_fault">{escape(faults[name])}</p>'
        state = f' aria-invalid="true" aria-describedby="{name}_fault"'
        state += " autofocus" if name == next(iter(faults)) else ""
    return _FIELD.substitute(name=name, label=label, autofill=autofill, longest=longest, state=state, fault=fault)


def _framed(title: str, body: str) -> str:
    return _FRAME.substitute(title=escape(title), style=_STYLE, body=body)
