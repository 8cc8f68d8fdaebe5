"""The client of the API: requests signed with SigV4."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.stack.cloud import Keys

# API Gateway itself gives up after 29 s; the emulator does not, and on a busy machine it is slower.
_TIMEOUT = urllib3.Timeout(connect=30, read=120)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's backend. Without keys its requests are not signed."""

    api_url: str
    region: str
    keys: Keys | None = field(repr=False)
    _pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager, repr=False, compare=False)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
        """`bytes` and `str` are sent as they are, everything else as JSON."""
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.request("POST", path, raw, {"Content-Type": "application/json"} | dict(headers or {}))

    def charge(self, payment: object, key: str | None) -> Answer:
        return self.post("/charges", payment, {"Idempotency-Key": key} if key is not None else {})

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self.request("GET", path, b"", headers or {})

    def request(self, method: str, path: str, body: bytes | str, headers: Mapping[str, str]) -> Answer:
        url = self.api_url + path
        signed = dict(headers) | {"Host": urlsplit(url).netloc}
        if self.keys:
            request = AWSRequest(method, url, data=body, headers=signed)
            SigV4Auth(
                Credentials(self.keys.access_key_id, self.keys.secret_access_key), "execute-api", self.region
            ).add_auth(request)
            signed = dict(request.headers.items())
        answer = self._pool.request(
            method, url, body=body or None, headers=signed, timeout=_TIMEOUT, retries=False, redirect=False
        )
        return Answer(answer.status, urllib3.HTTPHeaderDict(answer.headers), answer.data)
