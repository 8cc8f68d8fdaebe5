"""The deployed functions, called without the API as an administrator may do, and with other environment variables."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.stack import Stack
from local.stack.api_client import Answer
from tests.recorded_events import recorded


def invoke(stack: Stack, name: str, event: dict[str, Any]) -> Any:
    """The result of a function's unpublished version, which `with_environment` changes; `{"error": …}` if it raised."""
    answer = stack.admin.client("lambda").invoke(FunctionName=stack.functions[name], Payload=json.dumps(event))
    payload = answer["Payload"].read().decode()
    return {"error": payload} if "FunctionError" in answer else json.loads(payload)


def charge_directly(stack: Stack, order: dict[str, Any], key: str) -> Answer:
    """The charge function's answer to the recorded event with this body and idempotency key."""
    event = recorded("charge-create", body=json.dumps(order))
    return _answer(stack, event, key)


def refund_directly(stack: Stack, payment_id: str, key: str, reason: str) -> Answer:
    """The charge function's answer to the recorded event with this payment, idempotency key and reason."""
    event = recorded("charge-refund", body=json.dumps({"reason": reason}), pathParameters={"id": payment_id})
    return _answer(stack, event, key)


def _answer(stack: Stack, event: dict[str, Any], key: str) -> Answer:
    event["headers"]["Idempotency-Key"] = key
    response = invoke(stack, "ChargeFunction", event)
    return Answer(response["statusCode"], response["headers"], response["body"].encode())


@contextmanager
def with_environment(stack: Stack, name: str, **variables: str) -> Iterator[None]:
    """Restarts a function's unpublished version with other variables; the version behind the API stays unchanged."""
    functions, function = stack.admin.client("lambda"), stack.functions[name]
    before = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": before | variables})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": before})
