"""One exchange as the tests make it, and how long it may take."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from payments.gateway.transport import Exchange, Transport

OK = {"status": "SUCCESS"}
OK_BODY = json.dumps(OK).encode()
BUDGET = 0.4
"""Seconds for an exchange that will not be answered: the tests must not wait long."""
MARGIN = 1.0
"""What a busy machine may take on top of it."""


def post(transport: Transport, seconds: float = 5.0) -> Exchange:
    return transport.exchange("POST", "/api/v1/test/card", {"Authorization": "Bearer k"}, b'{"payload":"p"}', seconds)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + MARGIN
