"""A running stack: addresses, names and keys for its clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from local.stack.cloud import Cloud, Keys
from local.stack.gateway import Gateway
from local.stack.identities import Identities


@dataclass(frozen=True, slots=True)
class Stack:
    """`log()` returns the output of MiniStack and the functions so far."""

    name: str
    api_url: str
    admin: Cloud
    identities: Identities = field(repr=False)
    gateway: Gateway = field(repr=False)
    table: str
    bus: str
    gateway_secret: str
    functions: Mapping[str, str]
    log: Callable[[], str] = field(repr=False)

    @property
    def region(self) -> str:
        return self.admin.region

    def with_keys(self, keys: Keys) -> Cloud:
        return self.admin.with_keys(keys)

    def manifest(self) -> dict[str, Any]:
        """The content of `.local/stack.json`. Its names are a contract with the readers of that file."""
        users = self.identities
        return {
            "api_url": self.api_url,
            "region": self.region,
            "aws_endpoint_url": self.admin.endpoint_url,
            "access_key_id": users.client.access_key_id,
            "secret_access_key": users.client.secret_access_key,
            "stranger_access_key_id": users.stranger.access_key_id,
            "stranger_secret_access_key": users.stranger.secret_access_key,
            "admin_access_key_id": users.admin.access_key_id,
            "admin_secret_access_key": users.admin.secret_access_key,
            "gateway_url": self.gateway.url,
            "gateway": asdict(self.gateway.keys),
            "stack_name": self.name,
            "table": self.table,
            "bus": self.bus,
            "gateway_secret": self.gateway_secret,
            "functions": dict(self.functions),
        }
