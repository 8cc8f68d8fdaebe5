"""What the shopper sees. Every value is escaped; there is no script, and nothing is loaded from anywhere."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
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
<form method="post" class="fields" autocomplete="off">
$fault
<label for="card_number">Card number</label>
<input id="card_number" name="card_number" inputmode="numeric" autocomplete="off" required $invalid>
<div class="pair">
<div><label for="card_expiry">Expiry (MM/YY)</label>
<input id="card_expiry" name="card_expiry" inputmode="numeric" autocomplete="off" placeholder="12/30" required></div>
<div><label for="card_cvv">Security code</label>
<input id="card_cvv" name="card_cvv" inputmode="numeric" autocomplete="off" maxlength="4" required></div>
</div>
<button class="primary" type="submit">Pay</button>
</form>""")

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


def card_form(transaction: Transaction, fault: str | None = None) -> str:
    body = _CARD_FORM.substitute(
        summary=_summary(transaction),
        fault=f'<p class="fault" role="alert" id="fault">{escape(fault)}</p>' if fault else "",
        invalid='aria-invalid="true" aria-describedby="fault" autofocus' if fault else "",
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
        # As the merchant sent it: whether that is pence or pounds, the bank's page does not know.
        "Amount as sent": f"{order.amount} {order.currency}",
        "Card": order.card_number,
        "Cardholder": f"{order.customer.first_name} {order.customer.last_name}",
        "Order": order.order_id,
        "Reference": transaction.transaction_id,
    }
    lines = [f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows.items() if value]
    return f"<dl>{''.join(lines)}</dl>"


def _framed(title: str, body: str) -> str:
    return _FRAME.substitute(title=escape(title), style=_STYLE, body=body)
