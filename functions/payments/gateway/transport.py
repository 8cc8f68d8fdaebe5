"""One HTTPS exchange with the gateway, and the one question that matters when it fails: did any byte of it leave?

That is witnessed at the socket, not inferred from the exception: a connection notes when it first sends.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ssl import SSLContext, create_default_context
from threading import Timer
from typing import Final

from urllib3 import PoolManager, Timeout
from urllib3.response import BaseHTTPResponse

from payments.gateway import send_tracking
from payments.gateway.send_tracking import Departure
from payments.ports.gateway import NoAnswer, NotSent

CONNECT_SECONDS: Final = 3.0
"""A gateway that does not take a connection within this is down, and nothing is lost by saying so."""

MAX_IDLE_SECONDS: Final = 4.0
"""A pooled connection that idled longer may have died while the function was frozen: it is dropped, not trusted."""

MAX_ANSWER_BYTES: Final = 65_536
"""An envelope is about 1 KiB."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back: any status, a body of a bounded size."""

    status: int
    body: bytes


class Transport:
    """A small pool of connections to one host. Never retries, never follows a redirect."""

    def __init__(
        self,
        base_url: str,
        ssl_context: SSLContext | None = None,
        clock: Callable[[], float] = time.time,
        pools: send_tracking.Pools = send_tracking.POOLS,
    ) -> None:
        # Wall clock: the monotonic one may stand still while the function is frozen.
        self._base_url = base_url
        self._now = clock
        self._used_at = 0.0
        # One context for all connections: reading the authorities' certificates takes longer than a handshake.
        tls = ssl_context or create_default_context()
        self._pools = PoolManager(num_pools=1, maxsize=1, ssl_context=tls, retries=False)
        self._pools.pool_classes_by_scheme = dict(pools)

    def exchange(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | None,
        seconds: float,
        most: int = MAX_ANSWER_BYTES,
    ) -> Exchange:
        """One request and its answer, of `most` bytes, within `seconds` whatever drips. Raises NotSent or NoAnswer."""
        departure = Departure()
        token = send_tracking.current.set(departure)
        # urllib3 times each read; only a second pair of hands can end an answer that drips for ever.
        watchdog = Timer(seconds, departure.hang_up)
        watchdog.daemon = True
        try:
            watchdog.start()
            self._drop_idle()
            answer = self._exchange(method, path, headers, body, seconds, most)
            departure.check()  # what our own hanging up has cut off may look complete
        except Exception as error:
            raise _failure(error, departure) from error
        else:
            return answer
        finally:
            watchdog.cancel()
            departure.conclude()
            send_tracking.current.reset(token)
            self._used_at = self._now()

    def _drop_idle(self) -> None:
        if not 0 <= self._now() - self._used_at <= MAX_IDLE_SECONDS:  # below 0: the clock was set back
            self._pools.clear()

    def _exchange(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None, seconds: float, most: int
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
                raise ValueError("an interim answer: the real one may still come over this connection")
            return Exchange(response.status, _bounded(response, most))
        finally:
            # What was read to its end has gone back to the pool by itself; this closes what was not.
            response.close()


def _bounded(response: BaseHTTPResponse, most: int) -> bytes:
    body = response.read(most + 1)
    while len(body) <= most and (more := response.read(most + 1 - len(body))):
        body += more
    if len(body) > most:
        raise ValueError("the answer is too large")
    return body


def _failure(error: Exception, departure: Departure) -> NotSent | NoAnswer:
    # Only the type: an exception's text may quote a URL or an answer.
    name = type(error).__name__
    return NoAnswer(f"no answer ({name})") if departure.happened else NotSent(f"not sent ({name})")
