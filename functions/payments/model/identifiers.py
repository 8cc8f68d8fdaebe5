"""Who is who: the payment id is a function of caller and idempotency key, so the id is the idempotency record."""

import base64
import hashlib
import re
from typing import Final

ID_PREFIX: Final = "pay_"

PAYMENT_ID_PATTERN: Final = ID_PREFIX + "[a-z2-7]{26}"

ORDER_ID_PATTERN: Final = "[A-Za-z0-9._-]{3,64}"
"""The form of a shop's order id; it may not begin with `pay_`, too: see `is_order_id`."""

_ORDER_ID: Final = re.compile(f"(?!{ID_PREFIX}){ORDER_ID_PATTERN}")
_LATER_ATTEMPT: Final = re.compile(r"[2-9]|[1-9][0-9]{1,4}")
_PAYMENT_ID: Final = re.compile(PAYMENT_ID_PATTERN)


def payment_id_of(caller: str, idempotency_key: str) -> str:
    """`pay_` and 130 bits of SHA-256 over (caller, key), each with its length, so no two pairs read the same."""
    told = f"{len(caller)}:{caller}{len(idempotency_key)}:{idempotency_key}"
    digest = hashlib.sha256(told.encode()).digest()
    return ID_PREFIX + base64.b32encode(digest).decode().lower()[:26]


def orphan_id_of(transaction_id: str) -> str:
    """The id of a payment that we have only the gateway's word of. No caller can have it: a caller is an ARN."""
    return payment_id_of("orphan", transaction_id)


def is_order_id(text: str) -> bool:
    """Whether a shop may have chosen a text as its order id."""
    return _ORDER_ID.fullmatch(text) is not None


def attempt_of(wire_order_id: str) -> tuple[str, int] | None:
    """The order and the number of the attempt that were sent under a wire order id; None when it is none of ours."""
    order_id, mark, nth = wire_order_id.partition("~")
    if not is_order_id(order_id) or (mark and not _LATER_ATTEMPT.fullmatch(nth)):
        return None
    return order_id, int(nth) if mark else 1


def refund_request_id_of(caller: str, idempotency_key: str) -> str:
    """`rf_` and what tells a repeat of a refund request: a function of (caller, key), in a name space of its own."""
    return "rf_" + payment_id_of(f"refund:{caller}", idempotency_key).removeprefix(ID_PREFIX)


def is_payment_id(text: str) -> bool:
    """Whether a text has the form of our ids; the table holds other items, too."""
    return _PAYMENT_ID.fullmatch(text) is not None


def caller_of(principal_arn: str) -> str:
    """The AWS principal behind a request, any session name stripped: an assumed role is the role."""
    parts = principal_arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        role = parts[5].split("/", 2)[:2]
        return ":".join([*parts[:5], "/".join(role)])
    return principal_arn
