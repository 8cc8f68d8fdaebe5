"""Authentication: a bearer key of the same mode (test or live) as the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.request_parsing import RefusedError

if TYPE_CHECKING:
    from aiohttp import web

    from local.simulator.credentials import Credentials, Keyring


def authenticated(request: web.Request, keyring: Keyring) -> Credentials:
    """The credentials of the request's secret key. Raises RefusedError (401) for a missing or wrong key."""
    scheme, _, secret_key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret_key.strip():
        raise RefusedError(401, "Authentication token is missing.")
    keys = keyring.find(secret_key.strip(), request.match_info["mode"])
    if keys is None:
        raise RefusedError(401, "Invalid Secret Key.")
    return keys
