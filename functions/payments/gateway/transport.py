"""One HTTPS exchange with the gateway. When it fails, the caller must know one thing: did any byte leave?

The answer comes from the socket, not from the kind of exception: each connection records its first send.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext, create_default_context
from threading import Timer
from typing import Final

from urllib3 import PoolManager, Timeout
from urllib3.response import BaseHTTPResponse

from payments.gateway import send_tracking
from payments.gateway.send_tracking import SendTracker
from payments.ports.gateway import NoAnswer, NotSent

CONNECT_SECONDS: Final = 3.0
"""A gateway that accepts no connection within this time is down. Nothing was sent, so giving up costs nothing."""

MAX_ANSWER_BYTES: Final = 65_536
"""An envelope is about 1 KiB."""

MAX_RETRY_AFTER: Final = 60.0
"""Seconds. A longer wait is checked again each minute: the gateway may be back, or the header may be wrong."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """The answer: any HTTP status, and a body of limited size."""

    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds that the answer asks to wait, at most MAX_RETRY_AFTER; None if it does not ask."""


class Transport:
    """A pool of connections to one host, for any thread. Never retries, never follows a redirect.

    `connections`: how many stay open. With more exchanges at once, each further one makes and closes its own.
    """

    def __init__(
        self,
        base_url: str,
        ssl_context: SSLContext | None = None,
        clock: Callable[[], float] = time.time,
        pools: send_tracking.Pools = send_tracking.POOLS,
        connections: int = 1,
    ) -> None:
        self._base_url = base_url
        self._clock = clock
        # One context for all connections: loading the CA certificates takes longer than a handshake.
        tls = ssl_context or create_default_context()
        self._pools = PoolManager(num_pools=1, maxsize=connections, ssl_context=tls, retries=False)
        self._pools.pool_classes_by_scheme = dict(pools)

    def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        seconds: float,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Exchange:
        """Sends one request and reads its answer of at most `max_bytes`, in at most `seconds`.

        Raises NotSent if no byte left, NoAnswer for every other failure.
        """
        tracker = SendTracker(self._clock)
        token = send_tracking.current.set(tracker)
        # urllib3 limits each read, not their sum: only another thread can end an answer that arrives byte by byte.
        watchdog = Timer(seconds, tracker.time_out)
        watchdog.daemon = True
        try:
            watchdog.start()
            answer = self._exchange(method, path, headers, body, seconds, max_bytes)
            tracker.check_time()  # an answer that our own shutdown cut off may look complete
        except Exception as error:
            raise _failure(error, tracker) from error
        else:
            return answer
        finally:
            watchdog.cancel()
            tracker.finish()
            send_tracking.current.reset(token)

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float, max_bytes: int
    ) -> Exchange:
        response = self._pools.request(
            method,
            self._base_url + path,
            headers=headers,
            body=body,
            timeout=Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            if response.status < 200:
                raise ValueError("an interim answer: the final one may still arrive on this connection")
            retry_after = _retry_after(response.headers.get("Retry-After"))
            return Exchange(response.status, _body_of(response, max_bytes), retry_after)
        finally:
            # A response that was read to its end has returned its connection to the pool; this closes any other.
            response.close()


def _body_of(response: BaseHTTPResponse, max_bytes: int) -> bytes:
    body = response.read(max_bytes + 1)
    while len(body) <= max_bytes and (more := response.read(max_bytes + 1 - len(body))):
        body += more
    if len(body) > max_bytes:
        raise ValueError("the answer is too large")
    return body


def _retry_after(value: str | None) -> float | None:
    """The seconds of a Retry-After header (RFC 9110, 10.2.3); None for a date and for any other text."""
    if value is None or not re.fullmatch(r"[0-9]{1,9}", value):
        return None
    return min(float(value), MAX_RETRY_AFTER)


def _failure(error: Exception, tracker: SendTracker) -> NotSent | NoAnswer:
    # Only the type: the text of an exception may quote a URL or an answer.
    name = type(error).__name__
    return NoAnswer(f"no answer ({name})") if tracker.sent else NotSent(f"not sent ({name})")
