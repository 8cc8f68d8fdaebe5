"""The stack is ready when the API gives a shop an answer of its own, which takes the whole way in."""

from __future__ import annotations

from local.stack.api_client import Answer, Shop
from local.stack.errors import NotReadyError, StackError
from local.stack.processes import Process
from local.stack.stack import Stack

_UNKNOWN_PAYMENT = f"/charges/pay_{'a' * 26}"


def check_first_answer(stack: Stack, ministack: Process) -> None:
    """A 404 for a payment that nobody made: signed in, function started, table read. Once will do: sam waited."""
    shop = Shop(stack.api_url, stack.region, stack.identities.client)
    answer = shop.get(_UNKNOWN_PAYMENT)
    if answer.status != 404:
        raise _not_ready(answer, ministack)


def _not_ready(answer: Answer, ministack: Process) -> StackError:
    body = answer.body.decode(errors="replace")[:500]
    return NotReadyError(f"the API answered {answer.status} where 404 was due: {body}", ministack.written())
