"""A charge function in a process of its own: the real door on moto, driven as Lambda's runtime drives it.

Run as a program. Each message on stdin is an event in JSON, read at once; its answer is one line on stdout. As in
Lambda's runtime for Python, the bytes of an event are referenced until the next event arrives.
"""

import gc
import json
import os
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import boto3
from moto import mock_aws

from charge.app import handler
from local.simulator.credentials import Credentials
from tests.charge.aws_resources import create_resources

MAX_EVENT_BYTES: Final = 60_000
CONTEXT: Final = SimpleNamespace(get_remaining_time_in_millis=lambda: 28_000)
kept: Final[list[Any]] = []


def careless(event: Any, context: Any) -> Any:
    """A door that keeps each request in four forms: the mistake that the measurement must show."""
    body = event["body"]
    kept.extend((event, json.dumps(event), body.encode(), json.loads(body)))
    return handler(event, context)


def run(handle: Callable[[Any, Any], Any]) -> None:
    """Handles events until stdin is closed."""
    secret_key, encryption_key = sys.argv[2:]
    with mock_aws():
        dynamodb, secrets = boto3.client("dynamodb"), boto3.client("secretsmanager")
        create_resources(dynamodb, secrets, Credentials(secret_key, encryption_key, None))
        while event_body := os.read(0, MAX_EVENT_BYTES):
            answer = handle(json.loads(event_body), CONTEXT)
            gc.collect()
            os.write(1, json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    run({"real": handler, "careless": careless}[sys.argv[1]])
