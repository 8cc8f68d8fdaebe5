"""Refusals: what it means when the gateway turns a request down. Codes and words are from its public documents."""

import re
from collections.abc import Sequence
from typing import Any, Final

from payments.gateway import envelope
from payments.gateway.transport import Exchange
from payments.ports.gateway import AlreadyChargedBack, AlreadyRefunded, Refused

_A_PAYMENT: Final = re.compile(r"\b(transaction|payment|order|charge|record)", re.IGNORECASE)

_UNDECIDED: Final = frozenset({408, 409, 425, 429})
"""4xx codes that do not say that nothing happened: a time-out, a conflict with perhaps this very charge, "later"."""


_GONE: Final[dict[str, type[Refused]]] = {
    "already been refunded": AlreadyRefunded,
    "already been charged back": AlreadyChargedBack,
}
"""A refund is turned down because the money has gone back before."""


def check_still_here(reply: dict[str, Any] | None, private: Sequence[str]) -> None:
    """Raises AlreadyRefunded or AlreadyChargedBack for the refusals that say so, without what is `private`.

    Their words are documented (refundApi page), the HTTP code that they come with is not: the words decide.
    """
    gone = _gone(reply)
    if reply is not None and gone is not None:
        raise gone(envelope.message_of(reply, (), private) or "the money has gone back already")


def is_bare(reply: dict[str, Any] | None) -> bool:
    """`errors`, or nothing but a message: what the gateway says when it refuses, with no payment in it."""
    return reply is not None and "data" not in reply and ("errors" in reply or "message" in reply)


def turns_down(status: int, reply: dict[str, Any] | None) -> bool:
    """Whether the gateway read the request and says no: nothing happened there."""
    return 400 <= status < 500 and status not in _UNDECIDED and is_bare(reply)


def speaks_of_a_payment(message: str) -> bool:
    """A router's 404 ("Not Found", "Cannot GET /…", "no Route matched") says only that we asked in the wrong place."""
    return bool(_A_PAYMENT.search(message)) and "/" not in message and "route" not in message.lower()


def refuses_key(exchange: Exchange) -> bool:
    """Turned down for the key that it was sent with."""
    if exchange.status not in (401, 403):
        return False  # a page of the list is large, and is not read for this
    told = envelope.parse(exchange.body)
    return is_bare(told) and _gone(told) is None


def blames_keys(exchange: Exchange) -> bool:
    """A refused key; or a refusal that names no field, as it comes when the gateway cannot decrypt the payload."""
    if exchange.status not in (400, 422):
        return refuses_key(exchange)
    told = envelope.parse(exchange.body)
    return is_bare(told) and "errors" not in (told or {})


def _gone(reply: dict[str, Any] | None) -> type[Refused] | None:
    message = (reply or {}).get("message")
    if not is_bare(reply) or not isinstance(message, str):
        return None
    return next((kind for words, kind in _GONE.items() if words in message.lower()), None)
