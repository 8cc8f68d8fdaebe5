"""Identifiers. A payment id is a function of mode and idempotency key: the payment is its own idempotency record.

The key belongs to the merchant, whichever of its principals sends it. Test and live are two worlds: no id is in both.
"""

import base64
import hashlib
import re
from typing import Final

ID_PREFIX: Final = "pay_"

PAYMENT_ID_PATTERN: Final = ID_PREFIX + "[a-z2-7]{26}"

ORDER_ID_PATTERN: Final = "[A-Za-z0-9._-]{3,64}"
"""The form of a shop's order id. It must not begin with `pay_` either: see `is_order_id`."""

_ORDER_ID: Final = re.compile(f"(?!{ID_PREFIX}){ORDER_ID_PATTERN}")
_LATER_ATTEMPT: Final = re.compile(r"[2-9]|[1-9][0-9]{1,4}")
_PAYMENT_ID: Final = re.compile(PAYMENT_ID_PATTERN)


def mode_of(*, live: bool) -> str:
    """The gateway's mode as it is part of ids and of the table's keys."""
    return "live" if live else "test"


def payment_id_of(idempotency_key: str, *, live: bool) -> str:
    """The id of the payment with this key in this mode."""
    return ID_PREFIX + _hash("charge", mode_of(live=live), idempotency_key)


def orphan_id_of(transaction_id: str, *, live: bool) -> str:
    """The id of a payment that only the gateway has a record of, in this mode. No key leads to it."""
    return ID_PREFIX + _hash("orphan", mode_of(live=live), transaction_id)


def is_order_id(text: str) -> bool:
    """Whether a text is allowed as a shop's order id."""
    return _ORDER_ID.fullmatch(text) is not None


def attempt_of(wire_order_id: str) -> tuple[str, int] | None:
    """The order id and the attempt number in a wire order id; None when no attempt of ours can have it.

    The first attempt is sent under the order id itself, a later one under `<order id>~<attempt>`.
    """
    order_id, mark, nth = wire_order_id.partition("~")
    if not is_order_id(order_id) or (mark and not _LATER_ATTEMPT.fullmatch(nth)):
        return None
    return order_id, int(nth) if mark else 1


def refund_request_id_of(payment_id: str, idempotency_key: str) -> str:
    """`rf_` and a hash of payment and key, so each retry of a refund has the same id. The payment's id has the mode."""
    return "rf_" + _hash("refund", payment_id, idempotency_key)


def is_payment_id(text: str) -> bool:
    """Whether a text has the form of a payment id; other items in the table have other keys."""
    return _PAYMENT_ID.fullmatch(text) is not None


def caller_of(principal_arn: str) -> str:
    """The AWS principal behind a request. For an assumed role that is the role, without the session name."""
    parts = principal_arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        role = parts[5].split("/", 2)[:2]
        return ":".join([*parts[:5], "/".join(role)])
    return principal_arn


def _hash(kind: str, scope: str, name: str) -> str:
    """130 bits of SHA-256. Neither kind nor scope contains a colon, so no two triples have the same input."""
    digest = hashlib.sha256(f"{kind}:{scope}:{name}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:26]
