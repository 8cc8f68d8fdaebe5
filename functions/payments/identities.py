"""Who is who: the payment id is a function of caller and idempotency key, so the id is the idempotency record."""

import base64
import hashlib
import re
from typing import Final

ID_PREFIX: Final = "pay_"
_PAYMENT_ID: Final = re.compile(r"pay_[a-z2-7]{26}")


def payment_id_of(caller: str, idempotency_key: str) -> str:
    """`pay_` and 130 bits of SHA-256 over (caller, key), each with its length, so no two pairs read the same."""
    told = f"{len(caller)}:{caller}{len(idempotency_key)}:{idempotency_key}"
    digest = hashlib.sha256(told.encode()).digest()
    return ID_PREFIX + base64.b32encode(digest).decode().lower()[:26]


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
