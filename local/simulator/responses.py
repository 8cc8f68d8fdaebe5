"""HTTP responses, good and faulty. The outcome of the transaction is already stored when a response is made."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from local.simulator.exact_json import Json, dumps

if TYPE_CHECKING:
    from local.simulator.behaviour import Behaviour

# Longer than API Gateway's 29 s time-out, so every client has given up.
_SILENCE_SECONDS: Final = 35.0
_CHUNK: Final = b" " * 65536


@dataclass(frozen=True, slots=True)
class Exchange:
    request: web.Request
    behaviour: Behaviour
    body: bytes


Responder = Callable[[Exchange], Awaitable[web.StreamResponse]]


def json_response(body: Json, code: int = 200) -> web.Response:
    return web.Response(body=dumps(body).encode(), status=code, content_type="application/json")


async def response_for(request: web.Request, behaviour: Behaviour, envelope: Json) -> web.StreamResponse:
    return await _RESPONDERS[behaviour.answer](Exchange(request, behaviour, dumps(envelope).encode()))


async def _plain(exchange: Exchange) -> web.StreamResponse:
    return web.Response(body=exchange.body, status=exchange.behaviour.answer_code, content_type="application/json")


async def _slow(exchange: Exchange) -> web.StreamResponse:
    await asyncio.sleep(_seconds(exchange.behaviour, 2.0))
    return await _plain(exchange)


async def _timeout(exchange: Exchange) -> web.StreamResponse:
    await asyncio.sleep(_seconds(exchange.behaviour, _SILENCE_SECONDS))
    return _aborted(exchange.request)


async def _reset(exchange: Exchange) -> web.StreamResponse:
    transport = exchange.request.transport
    connection = transport.get_extra_info("socket") if transport else None
    if connection is not None:  # zero linger makes the close a RST
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return _aborted(exchange.request)


async def _cut_off(exchange: Exchange) -> web.StreamResponse:
    """Declares the whole length, sends half of the body, and closes the connection."""
    response = await _started(exchange.request, length=len(exchange.body))
    await response.write(exchange.body[: len(exchange.body) // 2])
    if exchange.request.transport is not None:
        exchange.request.transport.close()  # unlike abort, sends what is buffered first
    return response


async def _slow_drip(exchange: Exchange) -> web.StreamResponse:
    """Each byte arrives within a read time-out; the whole body does not."""
    response = await _started(exchange.request, length=len(exchange.body))
    for byte in exchange.body:
        await response.write(bytes([byte]))
        await asyncio.sleep(_seconds(exchange.behaviour, 0.2))
    return response


async def _too_large(exchange: Exchange) -> web.StreamResponse:
    """Valid JSON after `answer_bytes` spaces, to test the limit on a response's size."""
    response = await _started(exchange.request, length=exchange.behaviour.answer_bytes + len(exchange.body))
    for sent in range(0, exchange.behaviour.answer_bytes, len(_CHUNK)):
        await response.write(_CHUNK[: exchange.behaviour.answer_bytes - sent])
    await response.write(exchange.body)
    return response


async def _truncated(exchange: Exchange) -> web.StreamResponse:
    return web.Response(body=exchange.body[: len(exchange.body) // 2], content_type="application/json")


async def _garbage(exchange: Exchange) -> web.StreamResponse:
    return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")


async def _server_error(exchange: Exchange) -> web.StreamResponse:
    page = "<html><body>Internal Server Error</body></html>"
    return web.Response(text=page, status=500, content_type="text/html")


async def _elsewhere(exchange: Exchange) -> web.StreamResponse:
    """307 to the same endpoint: a client that follows it sends the card twice, and the traffic log shows both."""
    return web.Response(status=307, headers={"Location": exchange.request.path})


async def _refused_422(exchange: Exchange) -> web.StreamResponse:
    errors = list(exchange.behaviour.errors) or [{"field": "phone_number", "message": "phone_number is invalid"}]
    return json_response({"message": exchange.behaviour.message or "Validation failed", "errors": errors}, 422)


def _bare(code: int, message: str) -> Responder:
    async def responder(exchange: Exchange) -> web.StreamResponse:
        return json_response({"message": exchange.behaviour.message or message}, code)

    return responder


def _seconds(behaviour: Behaviour, default: float) -> float:
    return default if behaviour.answer_seconds is None else behaviour.answer_seconds


async def _started(request: web.Request, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = length
    await response.prepare(request)
    return response


def _aborted(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # never sent: the connection is closed


_RESPONDERS: Final[dict[str, Responder]] = {
    "plain": _plain,
    "held": _plain,  # the endpoint has held the request before
    "stalled": _plain,
    "timeout": _timeout,
    "reset": _reset,
    "cut-off": _cut_off,
    "server-error": _server_error,
    "garbage": _garbage,
    "truncated": _truncated,
    "slow": _slow,
    "slow-drip": _slow_drip,
    "too-large": _too_large,
    "elsewhere": _elsewhere,
    "refused-422": _refused_422,
    "refused-400": _bare(400, "Something went wrong."),
    "bad-credentials": _bare(401, "Invalid Secret Key."),
    "forbidden": _bare(403, "Access denied."),
    "unavailable": _bare(503, "Service Unavailable"),
    "stale-cursor": _bare(422, "Invalid cursor."),
}
