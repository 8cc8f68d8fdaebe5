"""How the gateway refuses a request. The codes and texts are from its public documents."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from payments.gateway import envelope
from payments.gateway.credentials import GatewayKeys
from payments.gateway.status_words import VERDICTS
from payments.gateway.transport import Exchange
from payments.ports.gateway import AlreadyChargedBack, AlreadyRefunded, NoAnswer, NotSent, Refused

_PAYMENT_WORD: Final = re.compile(r"\b(transaction|payment|order|charge|record)", re.IGNORECASE)

_STATUS_WORDS: Final = tuple(VERDICTS)
"""No set: the `status` of a hostile reply may be a list, which cannot be looked up in one."""

_INCONCLUSIVE: Final = frozenset({408, 409, 425, 429})
"""4xx codes after which the charge may still exist: a time-out, a conflict (perhaps with this charge), "later"."""

_KEY_REFUSED: Final = frozenset({"authentication token is missing", "invalid secret key"})
"""The documented messages for a refused key, in lower case and without the full stop."""

_ALREADY_RETURNED: Final[dict[str, type[Refused]]] = {
    "already been refunded": AlreadyRefunded,
    "already been charged back": AlreadyChargedBack,
}
"""Texts with which a refund is refused because the money has already gone back."""


def check_not_returned(reply: dict[str, Any] | None, private: Sequence[str]) -> None:
    """Raises AlreadyRefunded or AlreadyChargedBack if the reply says so. The error's text quotes nothing `private`.

    The texts are documented (refundApi page), their HTTP code is not. So the text decides.
    """
    error = _already_returned(reply)
    if reply is not None and error is not None:
        raise error(envelope.message_of(reply, (), private) or "the money has gone back already")


def is_error_reply(reply: dict[str, Any] | None) -> bool:
    """Whether the reply has `errors` or `message` and no `data`, or null: the form of a refusal, without a payment.

    A reply with a payment's status is none, also if its data is missing: the payment may exist.
    """
    if reply is None or reply.get("data") is not None or reply.get("status") in _STATUS_WORDS:
        return False
    return "errors" in reply or "message" in reply


def is_refusal(http_status: int, reply: dict[str, Any] | None) -> bool:
    """Whether the gateway read the request and rejected it: no payment exists."""
    return 400 <= http_status < 500 and http_status not in _INCONCLUSIVE and is_error_reply(reply)


def mentions_a_payment(message: str) -> bool:
    """Whether a 404 is about a payment. "Not Found", "Cannot GET /…" and "no Route matched" are a router's answers."""
    return bool(_PAYMENT_WORD.search(message)) and "/" not in message and "route" not in message.lower()


def refuses_key(exchange: Exchange) -> bool:
    """Whether the answer may be about the secret key: a bare 401 or 403. Alone it proves nothing."""
    if exchange.status not in (401, 403):
        return False  # checked first: a page of the transaction list is large and need not be parsed here
    reply = envelope.parse(exchange.body)
    return is_error_reply(reply) and _already_returned(reply) is None


def proves_key_refused(exchange: Exchange) -> bool:
    """Whether the gateway itself says that it refused the key, in its documented words."""
    reply = envelope.parse(exchange.body) or {}
    return refuses_key(exchange) and str(reply.get("message")).lower().rstrip(".") in _KEY_REFUSED


def is_outage(exchange: Exchange) -> bool:
    """Whether a proxy answered in place of the gateway: 5xx or 429 without an envelope, JSON or not."""
    if exchange.status < 500 and exchange.status != 429:
        return False
    return not (envelope.parse(exchange.body) or {}).get("data")


def may_blame_keys(exchange: Exchange) -> bool:
    """Whether our keys may be wrong: a rejected key, or an error without fields, as after a failed decryption."""
    if exchange.status not in (400, 422):
        return refuses_key(exchange)
    reply = envelope.parse(exchange.body)
    return is_error_reply(reply) and "errors" not in (reply or {})


def is_explained_by(refusal: Exchange, keys: GatewayKeys, fresh: GatewayKeys) -> bool:
    """Whether the refused request was sent under keys that are replaced. A new webhook secret alone sends nothing."""
    if fresh.secret_key != keys.secret_key:
        return True
    return fresh.encryption_key != keys.encryption_key and not refuses_key(refusal)


def after_refusal(refusal: Exchange, send: Callable[[], Exchange]) -> Exchange:
    """The answer to the second try. If it does not leave, the first one did: that is NotSent only if it was refused."""
    try:
        return send()
    except NotSent as error:
        if refuses_key(refusal) and not proves_key_refused(refusal):
            raise NoAnswer(f"HTTP {refusal.status} that does not say what was refused, and no second try") from error
        raise


def _already_returned(reply: dict[str, Any] | None) -> type[Refused] | None:
    message = (reply or {}).get("message")
    if not is_error_reply(reply) or not isinstance(message, str):
        return None
    return next((error for text, error in _ALREADY_RETURNED.items() if text in message.lower()), None)
