"""Problems: every error of this API as RFC 9457 `application/problem+json`, with a `code` and whether to `retry`."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from pydantic import ValidationError

from payments.charging.charge import OrderTaken
from payments.errors import GatewayUnreachable, IdempotencyKeyReused, PaymentsError, SecretUnusable
from payments.model.history import FieldError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.refunding.eligibility import NotRefundable

Retry = Literal["never", "same-key", "after"]
FieldProblem = dict[str, str]

RETRY_AFTER: Final = "5"
"""Seconds."""


class Problem(Exception):
    """An answer that is an error. `retry`: never; with the same key; or after what stands in the way has changed."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        retry: Retry = "never",
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.title = title
        self.retry = retry
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "retry": self.retry,
        }
        if self.errors:
            body["errors"] = self.errors
        return body | self.extra


_BY_TYPE: Final = {
    "missing": ("missing", "is required"),
    "extra_forbidden": ("unknown_field", "is not a field of this request"),
    "string_type": ("wrong_type", "must be a string"),
    "string_unicode": ("wrong_type", "must be valid Unicode"),
    "int_type": ("wrong_type", "must be an integer"),
    "int_from_float": ("wrong_type", "must be an integer of minor units"),
    "int_parsing_size": ("too_large", "is too large"),
    "greater_than": ("not_positive", "must be greater than 0"),
    "string_too_short": ("too_short", "is too short"),
    "string_too_long": ("too_long", "is too long"),
    "literal_error": ("not_supported", "must be `card` or `hosted`"),
}
_OURS_TO_SET: Final = {
    "amount": ("partial_refund_not_supported", "the gateway sends the whole amount back, or nothing: leave it out"),
    "webhook_url": ("not_allowed", "is set by the deployment; subscribe to the event bus instead"),
}
_FIELD_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def invalid_fields(error: ValidationError) -> Problem:
    """What is wrong with a body, field by field; the values stay where they are."""
    found = error.errors(include_url=False, include_input=False)
    return Problem(422, "invalid_request", "The request is not valid.", errors=[_field_problem(each) for each in found])


def refused_fields(errors: Sequence[FieldError]) -> list[FieldProblem]:
    """The fields that the gateway did not like."""
    return [{"field": error.field, "code": error.code, "message": error.message} for error in errors]


def _field_problem(found: Any) -> FieldProblem:
    name = str(found["loc"][0]) if found["loc"] else str(found.get("ctx", {}).get("field", "body"))
    code, message = _BY_TYPE.get(found["type"], (found["type"], found["msg"]))
    if found["type"] == "extra_forbidden":
        code, message = _OURS_TO_SET.get(name, (code, message))
    return {"field": _printable(name), "code": code, "message": message}


def _printable(name: str) -> str:
    """A caller's field name, if it can be shown: a card number in the place of a name cannot."""
    digits = sum(character.isdigit() for character in name)
    return name if _FIELD_NAME.fullmatch(name) and digits < 8 else "(unprintable)"


def problem_of(error: PaymentsError, locate: Callable[[Payment], str]) -> Problem:
    """What the house raised, as the answer it gets. Raises again what is a bug."""
    if isinstance(error, IdempotencyKeyReused):
        return Problem(422, "idempotency_key_reused", "The Idempotency-Key was used for another request.")
    if isinstance(error, OrderTaken):
        return _order_taken(error.payment, locate(error.payment))
    if isinstance(error, NotRefundable):
        return _not_refundable(error.code, error.payment, locate(error.payment))
    if isinstance(error, GatewayUnreachable):
        title = "The gateway cannot be reached; nothing was sent."
        return Problem(503, "gateway_unreachable", title, "same-key", headers={"Retry-After": RETRY_AFTER})
    if isinstance(error, SecretUnusable):
        title = "The gateway's keys are not usable here; nothing was sent."
        return Problem(503, "not_configured", title, "same-key", headers={"Retry-After": RETRY_AFTER})
    raise error


def _order_taken(holder: Payment, location: str) -> Problem:
    told: dict[str, Any] = {"headers": {"Location": location}, "extra": {"payment_id": holder.id}}
    if holder.status is Status.SUCCEEDED:
        return Problem(409, "order_already_paid", "The order is already paid.", **told)
    return Problem(409, "order_payment_in_progress", "A payment for the order is in flight.", "after", **told)


_NOT_REFUNDABLE: Final[Mapping[str, tuple[str, Retry]]] = {
    "already_charged_back": ("The cardholder's bank has taken the money back.", "never"),
    "already_refunded": ("The payment is refunded.", "never"),
    "not_succeeded": ("Only a payment that succeeded can be refunded.", "after"),
    "other_mode": ("The payment is of the gateway's other mode.", "never"),
    "refund_in_progress": ("A refund of the payment is in flight.", "after"),
    "too_many_attempts": ("Too many refunds of the payment have failed: refund it at the gateway.", "never"),
    "transaction_unknown": ("The gateway's id of the payment is not known: refund it at the gateway.", "never"),
}


def _not_refundable(code: str, payment: Payment, location: str) -> Problem:
    title, retry = _NOT_REFUNDABLE[code]
    return Problem(409, code, title, retry, headers={"Location": location}, extra={"payment_id": payment.id})
