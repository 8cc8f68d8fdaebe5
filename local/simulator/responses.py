"""How an answer travels back, or fails to. By the time anything here runs, the bank has made up its mind."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aiohttp import web

from local.simulator.exact_json import Json, write

if TYPE_CHECKING:
    from local.simulator.behaviour import Play

# Longer than API Gateway's 29 s: whoever waits for this answer has given up.
_FOREVER: Final = 35.0
_CHUNK: Final = b" " * 65536


@dataclass(frozen=True, slots=True)
class Journey:
    request: web.Request
    play: Play
    body: bytes


Travel = Callable[[Journey], Awaitable[web.StreamResponse]]


def spoken(body: Json, code: int = 200) -> web.Response:
    return web.Response(body=write(body).encode(), status=code, content_type="application/json")


async def travel(request: web.Request, play: Play, envelope: Json) -> web.StreamResponse:
    return await _ROADS[play.answer](Journey(request, play, write(envelope).encode()))


async def _plain(journey: Journey) -> web.StreamResponse:
    return web.Response(body=journey.body, status=journey.play.answer_code, content_type="application/json")


async def _slow(journey: Journey) -> web.StreamResponse:
    await asyncio.sleep(_seconds(journey.play, 2.0))
    return await _plain(journey)


async def _timeout(journey: Journey) -> web.StreamResponse:
    await asyncio.sleep(_seconds(journey.play, _FOREVER))
    return _hung_up(journey.request)


async def _reset(journey: Journey) -> web.StreamResponse:
    transport = journey.request.transport
    connection = transport.get_extra_info("socket") if transport else None
    if connection is not None:  # zero linger makes the close a RST
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return _hung_up(journey.request)


async def _cut_off(journey: Journey) -> web.StreamResponse:
    """Promises the whole length, sends half of it, and closes."""
    response = await _begun(journey.request, length=len(journey.body))
    await response.write(journey.body[: len(journey.body) // 2])
    if journey.request.transport is not None:
        journey.request.transport.close()  # unlike abort, lets the half go out first
    return response


async def _slow_drip(journey: Journey) -> web.StreamResponse:
    """Each byte comes in time; the whole does not."""
    response = await _begun(journey.request, length=len(journey.body))
    for byte in journey.body:
        await response.write(bytes([byte]))
        await asyncio.sleep(_seconds(journey.play, 0.2))
    return response


async def _too_large(journey: Journey) -> web.StreamResponse:
    """Valid JSON at its end, for whoever has the memory."""
    response = await _begun(journey.request, length=journey.play.answer_bytes + len(journey.body))
    for sent in range(0, journey.play.answer_bytes, len(_CHUNK)):
        await response.write(_CHUNK[: journey.play.answer_bytes - sent])
    await response.write(journey.body)
    return response


async def _truncated(journey: Journey) -> web.StreamResponse:
    return web.Response(body=journey.body[: len(journey.body) // 2], content_type="application/json")


async def _garbage(journey: Journey) -> web.StreamResponse:
    return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")


async def _server_error(journey: Journey) -> web.StreamResponse:
    page = "<html><body>Internal Server Error</body></html>"
    return web.Response(text=page, status=500, content_type="text/html")


async def _elsewhere(journey: Journey) -> web.StreamResponse:
    """307 to the same endpoint: a client that follows it sends the card twice, and the journal shows it."""
    return web.Response(status=307, headers={"Location": journey.request.path})


async def _refused_422(journey: Journey) -> web.StreamResponse:
    errors = list(journey.play.errors) or [{"field": "phone_number", "message": "phone_number is invalid"}]
    return spoken({"message": journey.play.message or "Validation failed", "errors": errors}, 422)


def _bare(code: int, message: str) -> Travel:
    async def road(journey: Journey) -> web.StreamResponse:
        return spoken({"message": journey.play.message or message}, code)

    return road


def _seconds(play: Play, otherwise: float) -> float:
    return otherwise if play.answer_seconds is None else play.answer_seconds


async def _begun(request: web.Request, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = length
    await response.prepare(request)
    return response


def _hung_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # goes nowhere: the connection is gone


_ROADS: Final[dict[str, Travel]] = {
    "plain": _plain,
    "held": _plain,  # the holding happens before the road is taken
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
