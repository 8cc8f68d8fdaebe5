"""Identifiers. A payment id is a function of caller and idempotency key: the payment is its own idempotency record."""

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


def payment_id_of(caller: str, idempotency_key: str) -> str:
    """`pay_` and 130 bits of SHA-256 over (caller, key), each with its length: no two pairs have the same input."""
    digest_input = f"{len(caller)}:{caller}{len(idempotency_key)}:{idempotency_key}"
    digest = hashlib.sha256(digest_input.encode()).digest()
    return ID_PREFIX + base64.b32encode(digest).decode().lower()[:26]


def orphan_id_of(transaction_id: str) -> str:
    """The id of a payment that only the gateway has a record of. No caller can get it, because callers are ARNs."""
    return payment_id_of("orphan", transaction_id)


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


def refund_request_id_of(caller: str, idempotency_key: str) -> str:
    """`rf_` and a hash of (caller, key), so each retry of a refund has the same id. No payment has the same hash."""
    return "rf_" + payment_id_of(f"refund:{caller}", idempotency_key).removeprefix(ID_PREFIX)


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
