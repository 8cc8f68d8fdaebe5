"""The readiness check: the API must answer a signed request."""

from __future__ import annotations

from local.stack.api_client import Answer, Shop
from local.stack.errors import NotReadyError, StackError
from local.stack.processes import Process
from local.stack.stack import Stack

_UNKNOWN_PAYMENT = f"/charges/pay_{'a' * 26}"


def check_first_answer(stack: Stack, ministack: Process) -> None:
    """Expects a 404 for an unknown payment: that needs IAM, the function and the table. Raises NotReadyError.

    One request is enough, because `sam deploy` has waited for the resources.
    """
    shop = Shop(stack.api_url, stack.region, stack.identities.client)
    answer = shop.get(_UNKNOWN_PAYMENT)
    if answer.status != 404:
        raise _not_ready(answer, ministack)


def _not_ready(answer: Answer, ministack: Process) -> StackError:
    body = answer.body.decode(errors="replace")[:500]
    return NotReadyError(f"the API answered {answer.status} instead of 404: {body}", ministack.written())
