"""One request through a Transport, and the time limits of the tests."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from payments.gateway.transport import Exchange, Transport

OK = {"status": "SUCCESS"}
OK_BODY = json.dumps(OK).encode()
BUDGET = 0.4
"""Seconds for an exchange that is not answered. Short, because each of those tests waits for it."""
MARGIN = 3.0
"""Seconds that a busy machine may need in addition. Less than the 5 s of an exchange without a limit of its own."""


def post(transport: Transport, seconds: float = 5.0) -> Exchange:
    return transport.exchange("POST", "/api/v1/test/card", {"Authorization": "Bearer k"}, b'{"payload":"p"}', seconds)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + MARGIN
