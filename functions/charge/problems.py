"""Problems: every error of this API as an RFC 9457 problem document, with a `code` and whether to `retry`."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import ValidationError

from payments.charging.cancel import NotCancellable
from payments.charging.claim import MAX_ATTEMPTS, OrderExhausted, OrderTaken
from payments.errors import GatewayUnreachable, IdempotencyKeyReused, NothingSent, SecretUnusable
from payments.model.history import FieldError
from payments.model.payment import Payment
from payments.model.status import Status
from payments.model.supersession import owes_refund
from payments.ports.ledger import TableBusy
from payments.refunding.eligibility import NotRefundable

Retry = Literal["never", "same-key", "after"]
FieldProblem = dict[str, str]

RETRY_AFTER: Final[Mapping[str, str]] = {"Retry-After": "5"}
"""Seconds. Asking the gateway again sooner brings nothing: a refresh asks it at most once in five seconds."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem document. `extra` holds members beside those of the RFC and ours.

    `retry`: never; with the same key; or after the state that caused it has changed.
    """

    status: int
    code: str
    title: str
    retry: Retry = "never"
    errors: Sequence[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The JSON of the document."""
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "retry": self.retry,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return body | dict(self.extra)


class RequestRefused(Exception):
    """The door refuses a request before a use case has sent anything; `problem` is the answer."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


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
"""Pydantic's error type → our code and message. The types of field_rules are codes already."""

_NOT_ALLOWED: Final = {
    "amount": ("partial_refund_not_supported", "the gateway sends the whole amount back, or nothing: leave it out"),
    "webhook_url": ("not_allowed", "is set by the deployment; subscribe to the event bus instead"),
}
"""Unknown fields that a shop has reason to try, with an explanation instead of `unknown_field`."""

_FIELD_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def invalid_fields(error: ValidationError) -> Problem:
    """422 with one error for each invalid field. Holds no value of the request."""
    invalid = error.errors(include_url=False, include_input=False)
    errors = [_field_problem(each) for each in invalid]
    return Problem(422, "invalid_request", "The request is not valid.", errors=errors)


def refused_fields(errors: Sequence[FieldError]) -> list[FieldProblem]:
    """The fields that the gateway refused."""
    return [{"field": error.field, "code": error.code, "message": error.message} for error in errors]


def _field_problem(error: Any) -> FieldProblem:
    name = str(error["loc"][0]) if error["loc"] else str(error.get("ctx", {}).get("field", "body"))
    code, message = _BY_TYPE.get(error["type"], (error["type"], error["msg"]))
    if error["type"] == "extra_forbidden":
        code, message = _NOT_ALLOWED.get(name, (code, message))
    return {"field": _printable(name), "code": code, "message": message}


def _printable(name: str) -> str:
    """A client's field name, if it can be shown. A card number sent as a name cannot."""
    digits = sum(character.isdigit() for character in name)
    return name if _FIELD_NAME.fullmatch(name) and digits < 8 else "(unprintable)"


def problem_of(error: NothingSent | SecretUnusable | TableBusy, location: Callable[[Payment], str]) -> Problem:
    """The problem for an error of a use case. `location`: a payment's path, for the Location header.

    Raises the error again if it has no problem: that is a bug of this module.
    """
    match error:
        case IdempotencyKeyReused():
            return Problem(422, "idempotency_key_reused", "The Idempotency-Key was used for another request.")
        case GatewayUnreachable():
            return _unavailable("gateway_unreachable", "The gateway cannot be reached; nothing was sent.")
        case SecretUnusable():
            return _unavailable("not_configured", "The gateway's keys are not usable here; nothing was sent.")
        case TableBusy():
            return _unavailable("busy", "The service is busy. Whatever was recorded is found under the same key.")
        case OrderTaken() | OrderExhausted() | NotCancellable() | NotRefundable():
            code, title, retry = _conflict_of(error)
            headers = {"Location": location(error.payment)}
            return Problem(409, code, title, retry, headers=headers, extra={"payment_id": error.payment.id})
        case _:
            raise error


def _conflict_of(error: OrderTaken | OrderExhausted | NotCancellable | NotRefundable) -> tuple[str, str, Retry]:
    """The code, title and advice for a request that the state of a payment or of its order forbids."""
    match error:
        case OrderTaken():
            is_kept = error.payment.status is Status.SUCCEEDED and not owes_refund(error.payment)
            return _ORDER_PAID if is_kept else _ORDER_IN_PROGRESS
        case OrderExhausted():
            return _ORDER_EXHAUSTED
        case NotCancellable():
            return _OTHER_MODE if error.is_of_other_mode else _NOT_CANCELLABLE[error.payment.status]
        case NotRefundable():
            return error.code, *_NOT_REFUNDABLE[error.code]


def _unavailable(code: str, title: str) -> Problem:
    """503: the same request may succeed later, with the same key."""
    return Problem(503, code, title, "same-key", headers=RETRY_AFTER)


_ORDER_PAID: Final[tuple[str, str, Retry]] = ("order_already_paid", "The order is already paid.", "never")
_ORDER_IN_PROGRESS: Final[tuple[str, str, Retry]] = (
    "order_payment_in_progress",
    "A payment for the order is in flight.",
    "after",
)
_ORDER_EXHAUSTED: Final[tuple[str, str, Retry]] = (
    "order_attempts_exhausted",
    f"The order has had {MAX_ATTEMPTS} payments: use another order_id.",
    "never",
)
_UNDECIDED: Final[tuple[str, str, Retry]] = (
    "payment_undecided",
    "The gateway is deciding on the payment: only one that waits for its shopper can be cancelled.",
    "after",
)
_OTHER_MODE: Final[tuple[str, str, Retry]] = ("other_mode", "The payment is of the gateway's other mode.", "never")
_UNPAID: Final[tuple[str, str, Retry]] = ("payment_over", "The payment failed and its order is free.", "never")
_NOT_CANCELLABLE: Final[Mapping[Status, tuple[str, str, Retry]]] = {
    Status.PROCESSING: _UNDECIDED,
    Status.REQUIRES_ACTION: _UNDECIDED,
    Status.PENDING: _UNDECIDED,
    Status.SUCCEEDED: ("payment_succeeded", "The payment succeeded: refund it instead.", "never"),
    Status.FAILED: _UNPAID,
    Status.BLOCKED: _UNPAID,
    Status.ABANDONED: _UNPAID,
    Status.NEEDS_REVIEW: ("payment_in_review", "A person must decide on the payment first.", "after"),
}
_NOT_REFUNDABLE: Final[Mapping[str, tuple[str, Retry]]] = {
    "already_charged_back": ("The cardholder's bank has taken the money back.", "never"),
    "already_refunded": ("The payment is refunded.", "never"),
    "not_succeeded": ("Only a payment that succeeded can be refunded.", "after"),
    "other_mode": _OTHER_MODE[1:],
    "refund_in_progress": ("A refund of the payment is in flight.", "after"),
    "too_many_attempts": ("Too many refunds of the payment have failed: refund it at the gateway.", "never"),
    "transaction_unknown": ("The gateway's id of the payment is not known: refund it at the gateway.", "never"),
}
