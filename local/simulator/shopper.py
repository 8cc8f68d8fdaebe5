"""The shopper's side: 3-D Secure page and hosted page. A decided payment stays decided, however often one presses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web

from local.simulator import pages
from local.simulator.book import NotAllowedError, UnknownTransactionError
from local.simulator.cards import CARDS, brand, masked
from local.simulator.charging import page_url
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.play import OUTCOMES
from local.simulator.script import by_card

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
        return _page(pages.unknown(), 404)
    if transaction.is_final:
        return _page(pages.decided(transaction))
    if _has_no_card_yet(transaction):
        return _to(page_url(request, transaction))
    return _page(pages.challenge(transaction))


async def respond(request: web.Request) -> web.StreamResponse:
    """POST: Approve or Decline, then back to the shop."""
    gateway = request.app[GATEWAY]
    transaction = _transaction(request, "card")
    if transaction is None:
        return _page(pages.unknown(), 404)
    if _has_no_card_yet(transaction):
        return _to(page_url(request, transaction))
    status = _BUTTONS.get(str((await request.post()).get("decision")))
    if status is None:
        return _page(pages.challenge(transaction), 400)
    return _back_to_shop(_decided(gateway, transaction, status))


async def card_form(request: web.Request) -> web.StreamResponse:
    """GET: the hosted page."""
    transaction = _transaction(request, "hosted")
    if transaction is None:
        return _page(pages.unknown(), 404)
    return _page(pages.decided(transaction) if transaction.is_final else pages.card_form(transaction))


async def pay(request: web.Request) -> web.StreamResponse:
    """POST: a card on the hosted page; it plays its scenario, of which a 3-D Secure challenge may be a part."""
    gateway = request.app[GATEWAY]
    transaction = _transaction(request, "hosted")
    if transaction is None:
        return _page(pages.unknown(), 404)
    if transaction.is_final:
        return _back_to_shop(transaction)
    number = "".join(str((await request.post()).get("card_number", "")).split())
    if number not in CARDS:
        return _page(pages.card_form(transaction, fault="This card is not supported for testing."), 422)
    name = transaction.transaction_id
    transaction = gateway.book.amend(name, card_number=masked(number), card_type=brand(number))
    play = by_card(number)
    scripted = gateway.play_of(transaction)
    gateway.plays[name] = play if scripted.webhook == "prompt" else replace(play, webhook=scripted.webhook)
    verdict = OUTCOMES[play.outcome]
    if verdict == "REDIRECT":
        return _to(page_url(request, transaction))
    if verdict is not None:
        transaction = _decided(gateway, transaction, verdict)
    return _back_to_shop(transaction)


def _has_no_card_yet(transaction: Transaction) -> bool:
    return transaction.order.method == "hosted" and transaction.order.card_number is None


def _decided(gateway: Gateway, transaction: Transaction, status: str) -> Transaction:
    try:
        transaction = gateway.book.decide(transaction.transaction_id, status)
    except NotAllowedError:
        return gateway.book.find(transaction.transaction_id)
    gateway.announce(transaction)
    return transaction


def _transaction(request: web.Request, kind: str) -> Transaction | None:
    try:
        found = request.app[GATEWAY].book.find(request.match_info["transaction_id"], request.match_info["mode"])
    except UnknownTransactionError:
        return None
    if found.transaction_id != request.match_info["transaction_id"]:
        return None  # an order_id opens no page
    return found if kind == "card" or found.order.method == "hosted" else None


def _page(html: str, code: int = 200) -> web.Response:
    return web.Response(text=html, status=code, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _to(url: str) -> web.Response:
    return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


def _back_to_shop(transaction: Transaction) -> web.Response:
    url = transaction.order.redirect_url
    return _to(url) if url else _page(pages.decided(transaction))
