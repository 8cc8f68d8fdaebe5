"""The shopper's endpoints: 3-D Secure page and hosted page. Pressing a button again changes no final status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from local.simulator import card_form as form
from local.simulator import html_pages
from local.simulator.card_api import checkout_url
from local.simulator.cards import brand, masked
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.scripted_scenarios import behaviour_of_card
from local.simulator.transaction_store import NotAllowedError, UnknownTransactionError

if TYPE_CHECKING:
    from local.simulator.transaction import Transaction

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_BUTTONS = {"approve": "SUCCESS", "decline": "FAILED"}


async def challenge(request: web.Request) -> web.StreamResponse:
    """GET: the 3-D Secure page."""
    transaction = _transaction(request, "card")
    if transaction is None:
        return _page(html_pages.unknown(), 404)
    if transaction.is_final:
        return _page(html_pages.decided(transaction))
    if _is_hosted_without_card(transaction):
        return _redirect(checkout_url(request, transaction))
    return _page(html_pages.challenge(transaction))


async def respond(request: web.Request) -> web.StreamResponse:
    """POST: Approve or Decline, then back to the shop."""
    gateway = request.app[GATEWAY]
    transaction = _transaction(request, "card")
    if transaction is None:
        return _page(html_pages.unknown(), 404)
    if _is_hosted_without_card(transaction):
        return _redirect(checkout_url(request, transaction))
    status = _BUTTONS.get(str((await request.post()).get("decision")))
    if status is None:
        return _page(html_pages.challenge(transaction), 400)
    return _redirect_to_shop(_decide(gateway, transaction, status))


async def card_form(request: web.Request) -> web.StreamResponse:
    """GET: the hosted page."""
    transaction = _transaction(request, "hosted")
    if transaction is None:
        return _page(html_pages.unknown(), 404)
    if _awaits_card(transaction):
        return _page(html_pages.card_form(transaction))
    if transaction.status == "REDIRECT":
        return _redirect(checkout_url(request, transaction))  # to the 3-D Secure page of the entered card
    return _page(html_pages.decided(transaction))


async def pay(request: web.Request) -> web.StreamResponse:
    """POST: a card on the hosted page. Its scenario is played, which may include a 3-D Secure challenge."""
    gateway = request.app[GATEWAY]
    entered = {name: str(value) for name, value in (await request.post()).items()}
    transaction = _transaction(request, "hosted")
    if transaction is None:
        return _page(html_pages.unknown(), 404)
    if not _awaits_card(transaction):
        return _next_page(request, transaction)
    if entered.get("decision") == "abandon":
        return _redirect_to_shop(_decide(gateway, transaction, "ABANDONED"))
    faults = form.faults(entered, gateway.now().date())
    if faults:
        return _page(html_pages.card_form(transaction, faults), 422)
    return _next_page(request, _charge_card(gateway, transaction, form.number_in(entered)))


def _charge_card(gateway: Gateway, transaction: Transaction, number: str) -> Transaction:
    behaviour = behaviour_of_card(number)
    if behaviour.verdict is None:
        return transaction  # neither the payment nor the card reaches the bank
    name = transaction.transaction_id
    gateway.behaviours[name] = behaviour.overridden_by(gateway.behaviour_of(transaction))
    transaction = gateway.transactions.amend(name, card_number=masked(number), card_type=brand(number))
    if behaviour.verdict == "REDIRECT":
        return transaction
    return _decide(gateway, transaction, behaviour.verdict, behaviour.message)


def _next_page(request: web.Request, transaction: Transaction) -> web.Response:
    """After a card was entered: the 3-D Secure page, or back to the shop."""
    if transaction.status == "REDIRECT" and not _is_hosted_without_card(transaction):
        return _redirect(checkout_url(request, transaction))
    return _redirect_to_shop(transaction)


def _awaits_card(transaction: Transaction) -> bool:
    return _is_hosted_without_card(transaction) and not transaction.is_final


def _is_hosted_without_card(transaction: Transaction) -> bool:
    return transaction.order.method == "hosted" and transaction.order.card_number is None


def _decide(gateway: Gateway, transaction: Transaction, status: str, message: str | None = None) -> Transaction:
    try:
        transaction = gateway.transactions.decide(transaction.transaction_id, status, message)
    except NotAllowedError:
        return gateway.transactions.find(transaction.transaction_id)
    gateway.send_webhook(transaction)
    return transaction


def _transaction(request: web.Request, kind: str) -> Transaction | None:
    try:
        found = request.app[GATEWAY].transactions.find(request.match_info["transaction_id"], request.match_info["mode"])
    except UnknownTransactionError:
        return None
    if found.transaction_id != request.match_info["transaction_id"]:
        return None  # an order_id is not accepted here
    return found if kind == "card" or found.order.method == "hosted" else None


def _page(html: str, code: int = 200) -> web.Response:
    return web.Response(text=html, status=code, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _redirect(url: str) -> web.Response:
    return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def _redirect_to_shop(transaction: Transaction) -> web.Response:
    url = transaction.order.redirect_url
    return _redirect(url) if url else _page(html_pages.decided(transaction))
