"""The deployed functions as an administrator may handle them: invoked without the API, and put into another world."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local.stack import Stack
from local.stack.api_client import Answer
from tests.recorded_events import recorded


def invoke(stack: Stack, name: str, event: dict[str, Any]) -> Any:
    """What the unpublished version of a function returns: the one that `another_world` changes."""
    answer = stack.admin.client("lambda").invoke(FunctionName=stack.functions[name], Payload=json.dumps(event))
    said = answer["Payload"].read().decode()
    return {"error": said} if "FunctionError" in answer else json.loads(said)


def charge_directly(stack: Stack, order: dict[str, Any], key: str) -> Answer:
    """The answer of the charge function to the recorded event with this body and key."""
    event = recorded("charge-create", body=json.dumps(order))
    event["headers"]["Idempotency-Key"] = key
    said = invoke(stack, "ChargeFunction", event)
    return Answer(said["statusCode"], said["headers"], said["body"].encode())


def refund_directly(stack: Stack, payment_id: str, key: str, reason: str) -> Answer:
    """The answer of the charge function to the recorded event with this payment, key and reason."""
    event = recorded("charge-refund", body=json.dumps({"reason": reason}), pathParameters={"id": payment_id})
    event["headers"]["Idempotency-Key"] = key
    said = invoke(stack, "ChargeFunction", event)
    return Answer(said["statusCode"], said["headers"], said["body"].encode())


@contextmanager
def another_world(stack: Stack, name: str, **variables: str) -> Iterator[None]:
    """The unpublished version of a function starts anew with other variables; what the API calls stays as it is."""
    functions, function = stack.admin.client("lambda"), stack.functions[name]
    before = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=function, Environment={"Variables": before | variables})
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": before})
