"""Access to the emulated cloud for one principal: an endpoint, a region and keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

# No proxy for calls to this machine; the time-outs bound every call.
_CONFIG = Config(
    proxies={},
    connect_timeout=5,
    read_timeout=70,
    retries={"mode": "standard", "total_max_attempts": 2},
    parameter_validation=True,
)


@dataclass(frozen=True, slots=True)
class Keys:
    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Cloud:
    endpoint_url: str
    region: str
    keys: Keys

    def with_keys(self, keys: Keys) -> Cloud:
        return Cloud(self.endpoint_url, self.region, keys)

    def session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=self.keys.access_key_id,
            aws_secret_access_key=self.keys.secret_access_key,
            region_name=self.region,
        )

    def client(self, service: str) -> Any:
        return self.session().client(service, endpoint_url=self.endpoint_url, config=_CONFIG)  # type: ignore[call-overload]

    def resource(self, service: str) -> Any:
        return self.session().resource(service, endpoint_url=self.endpoint_url, config=_CONFIG)  # type: ignore[call-overload]
