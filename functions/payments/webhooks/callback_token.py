"""The webhook address of one payment. It contains a capability token and is sent only in the encrypted payload."""

import hashlib
import hmac
from collections.abc import Sequence


def token_of(payment_id: str, key: bytes) -> str:
    """HMAC-SHA256 of the payment id under the stack's own key, in hex."""
    return hmac.new(key, payment_id.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def webhook_url(public_base_url: str, payment_id: str, key: bytes) -> str:
    """The address for the gateway's webhooks about this payment."""
    return f"{public_base_url}/webhooks/pay-agency/{payment_id}/{token_of(payment_id, key)}"


def is_token(token: str, payment_id: str, keys: Sequence[bytes]) -> bool:
    """Whether one of the keys (newest first) made the token. Constant time; any text is an input, none raises."""
    given = token.encode("utf-8", "replace")
    matches = [hmac.compare_digest(token_of(payment_id, key).encode(), given) for key in keys]
    return any(matches)
