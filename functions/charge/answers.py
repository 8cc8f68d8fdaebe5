"""Answers: status code, body and headers for each result of a use case. Pure: nothing is raised or changed here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from charge.problems import RETRY_AFTER, Problem, Retry, refused_fields
from charge.resource import resource
from payments.charging.charge import Charged
from payments.model.payment import Payment
from payments.model.status import Status
from payments.refunding.refund import CHARGED_BACK, Refunded


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `body` is JSON."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def problem_answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Answer:
    """A problem document, with these headers beside the problem's own."""
    return Answer(problem.status, problem.body(), {**(headers or {}), **problem.headers}, "application/problem+json")


def payment_answer(payment: Payment) -> Answer:
    """200 with the payment as it stands."""
    return Answer(200, resource(payment), _retry_after(unfinished=payment.status is Status.PROCESSING))


def charge_answer(charged: Charged, location: str) -> Answer:
    """201 with the payment if the first answer had a verdict, 202 if it had none, or the gateway's refusal.

    A retry gets the code of the first answer. If the first answer was lost, 202 stands while there is no verdict.
    """
    payment, headers = charged.payment, _headers(location, replayed=charged.replayed)
    refusal = _charge_refusal(payment)
    if refusal is not None:
        return problem_answer(refusal, headers)
    never_decided = payment.answered is None and payment.status is Status.NEEDS_REVIEW
    undecided = payment.status is Status.PROCESSING or payment.answered == "in_doubt" or never_decided
    waiting = _retry_after(unfinished=payment.status is Status.PROCESSING)
    return Answer(202 if undecided else 201, resource(payment), {**headers, **waiting})


def refund_answer(refunded: Refunded, location: str) -> Answer:
    """201 if the first answer had the refund, 202 if its outcome was unknown or it failed later, or a refusal.

    A retry gets the code of the first answer.
    """
    payment, headers = refunded.payment, _headers(location, replayed=refunded.replayed)
    refusal = _refund_refusal(refunded)
    if refusal is not None:
        return problem_answer(refusal, headers)
    attempt = payment.refund_attempt
    unknown_at_first = refunded.failure is not None or (attempt is not None and attempt.answered == "in_doubt")
    status = 201 if payment.refund.status == "refunded" and not unknown_at_first else 202
    return Answer(status, resource(payment), {**headers, **_retry_after(unfinished=payment.awaits_refund)})


def _charge_refusal(payment: Payment) -> Problem | None:
    """The problem if the gateway refused the charge, None if it took it."""
    failure = payment.failure
    if failure is not None and failure.code == "gateway_credentials":
        title = "The gateway refused our credentials; nothing was charged."
        return Problem(502, "gateway_credentials", title, extra={"payment": resource(payment)})
    if failure is not None and failure.code == "invalid_request":
        title = "The gateway refused the request; nothing was charged."
        extra = {"payment": resource(payment), "detail": failure.message}
        return Problem(422, "refused_by_gateway", title, errors=refused_fields(failure.errors), extra=extra)
    return None


_REFUND_REFUSALS: Final[Mapping[str, tuple[int, str, Retry]]] = {
    CHARGED_BACK: (409, "The cardholder's bank has taken the money back.", "never"),
    "gateway_credentials": (502, "The gateway refused our credentials; nothing was sent back.", "after"),
    "refund_refused": (422, "The gateway refused the refund; nothing was sent back.", "after"),
}
"""Failures that were the first answer. A refund that failed later was answered with 202, and so is its retry."""


def _refund_refusal(refunded: Refunded) -> Problem | None:
    """The problem if the gateway refused this refund, None if it did not.

    `refunded.failure` is set for an older request, with another made since: its own message is not kept.
    """
    payment, attempt = refunded.payment, refunded.payment.refund_attempt
    latest = attempt.failure if attempt and payment.refund.status == "failed" else None
    code = refunded.failure or (latest.code if latest else None)
    if code is None or code not in _REFUND_REFUSALS:
        return None
    status, title, retry = _REFUND_REFUSALS[code]
    extra: dict[str, Any] = {"payment": resource(payment)}
    own = latest if refunded.failure is None else None
    if own is not None:
        extra["detail"] = own.message
    return Problem(status, code, title, retry, errors=refused_fields(own.errors if own else ()), extra=extra)


def _headers(location: str, *, replayed: bool) -> dict[str, str]:
    return {"Location": location, **({"Idempotency-Replayed": "true"} if replayed else {})}


def _retry_after(*, unfinished: bool) -> Mapping[str, str]:
    return RETRY_AFTER if unfinished else {}
