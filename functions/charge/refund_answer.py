"""What a refund is answered with: the payment, as from every route, and the code that its first answer had."""

from typing import Any, Final

from charge.problems import Problem, Retry, refused_fields
from charge.resource import RETRY_AFTER_SECONDS, resource
from payments.refunding import CHARGED_BACK, Refunded

_REFUSALS: Final[dict[str, tuple[int, str, Retry]]] = {
    CHARGED_BACK: (409, "The cardholder's bank has taken the money back.", "never"),
    "gateway_credentials": (502, "The gateway refused our credentials; nothing was sent back.", "after"),
    "refund_refused": (422, "The gateway refused the refund; nothing was sent back.", "after"),
}
"""Failures that were the answer itself. What failed later was answered with 202, and so is its repeat."""


def refund_code(refunded: Refunded, headers: dict[str, str]) -> int:
    """201 when the money is on its way back, 202 while that is not known, was not known at first, or came to nothing.

    Raises the Problem, with these headers, that a refund is answered with which the gateway refused.
    """
    payment = refunded.payment
    _raise_refusal(refunded, headers)
    if payment.awaits_refund:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    request = payment.refund_request
    in_doubt_at_first = refunded.failure is not None or (request is not None and request.answered == "in_doubt")
    return 201 if payment.refund.status == "refunded" and not in_doubt_at_first else 202


def _raise_refusal(refunded: Refunded, headers: dict[str, str]) -> None:
    payment, request = refunded.payment, refunded.payment.refund_request
    last = request.failure if request and payment.refund.status == "failed" else None
    code = refunded.failure or (last.code if last else None)
    if code not in _REFUSALS:
        return
    status, title, retry = _REFUSALS[code]
    extra: dict[str, Any] = {"payment": resource(payment)}
    own = last if refunded.failure is None else None
    if own is not None:
        extra["detail"] = own.message
    errors = refused_fields(own.errors if own else ())
    raise Problem(status, code, title, retry, errors=errors, headers=headers, extra=extra)
