"""Sample envelopes: two printed in the gateway's document, and one for the sample payment."""

import json
from typing import Any, Final

from payments.gateway.envelope import Dialect, parse, transaction_of
from payments.model.gateway_transaction import GatewayTransaction
from tests.fakes.samples import ORDER_ID, TRANSACTION_ID

MINOR: Final = Dialect("minor", "alpha-2")
MAJOR: Final = Dialect("major", "alpha-2")

DOCUMENT_REDIRECT: Final = b"""{
  "status": "REDIRECT",
  "message": "Please redirect user to complete the payment.",
  "redirect_url": "https://backend.pay.agency/api/v1/test/card/checkout/FS0186280974141637",
  "data": {
    "amount": 100,
    "currency": "GBP",
    "order_id": null,
    "transaction_id": "FS0186280974141637",
    "customer": {"first_name": "James", "last_name": "Dean", "email": "james@gmail.com"},
    "refund": {"status": false, "refund_date": null},
    "chargeback": {"status": false, "chargeback_date": null}
  }
}"""
DOCUMENT_FAILED: Final = b"""{
  "status": "FAILED",
  "message": "The Card is not supported for testing.",
  "data": {
    "amount": 100,
    "currency": "GBP",
    "order_id": null,
    "transaction_id": "FS0279243486998947",
    "customer": {"first_name": "James", "last_name": "dean", "email": "james@gmail.com"},
    "refund": {"status": false, "refund_date": null},
    "chargeback": {"status": false, "chargeback_date": null}
  }
}"""


def envelope(*, without: tuple[str, ...] = (), **data: Any) -> dict[str, Any]:
    """An envelope of the sample payment. `status`, `message` and `redirect_url` change it; any other field its data."""
    outer = {name: data.pop(name) for name in ("status", "message", "redirect_url") if name in data}
    inner = {
        "amount": 100,
        "currency": "GBP",
        "order_id": ORDER_ID,
        "transaction_id": TRANSACTION_ID,
        "refund": {"status": False, "refund_date": None},
        "chargeback": {"status": False, "chargeback_date": None},
    } | data
    kept = {name: value for name, value in inner.items() if name not in without}
    return {"status": "SUCCESS", "message": "ok"} | outer | {"data": kept}


def body(**changes: Any) -> bytes:
    """The same envelope as the bytes of an answer."""
    return json.dumps(envelope(**changes)).encode()


def read(text: bytes, dialect: Dialect = MINOR) -> GatewayTransaction:
    """The transaction in the bytes of an envelope."""
    transaction = transaction_of(parse(text) or {}, dialect)
    assert transaction is not None
    return transaction
