"""Building: the parts every function stands on, put together from its settings. What a snapshot holds is built here."""

from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from payments.bus.eventbridge import EventBridgeBus
from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.client import PayAgency
from payments.gateway.credentials import GatewayKeys, parse_keys
from payments.gateway.envelope import Dialect
from payments.gateway.transport import Transport
from payments.ledger.backlog import DynamoFollowUpIndex
from payments.ledger.payments import DynamoLedger
from payments.model.timestamps import utc_now
from payments.ports.runtime import Telemetry
from payments.runtime.secret_cache import Secret
from payments.runtime.settings import GatewaySettings

_PATIENCE = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3})
"""AWS answers in milliseconds; a call that hangs must leave time to write the verdict."""


def aws(service: str) -> Any:
    """A client of an AWS service. Makes no call."""
    return boto3.client(service, config=_PATIENCE)  # type: ignore[call-overload]


def ledger_of(settings: GatewaySettings) -> DynamoLedger:
    """The table."""
    return DynamoLedger(aws("dynamodb"), settings.table_name)


def follow_up_index_of(settings: GatewaySettings) -> DynamoFollowUpIndex:
    """The table's index of what has something left to do."""
    return DynamoFollowUpIndex(aws("dynamodb"), settings.table_name)


def gateway_keys_of(settings: GatewaySettings, telemetry: Telemetry, secrets: Any) -> Secret[GatewayKeys]:
    """The gateway's keys, of this stack's mode only."""
    parse = partial(parse_keys, mode=settings.gateway_mode)
    return Secret(secrets, settings.gateway_secret_id, parse, utc_now, telemetry)


def token_key_of(secret_id: str, telemetry: Telemetry, secrets: Any) -> Secret[bytes]:
    """The key under which webhook URLs carry their token."""
    return Secret(secrets, secret_id, str.encode, utc_now, telemetry)


def gateway_of(settings: GatewaySettings, keys: Secret[GatewayKeys], telemetry: Telemetry) -> PayAgency:
    """The gateway."""
    transport = Transport(settings.gateway_base_url)
    return PayAgency(transport, keys, dialect_of(settings), settings.gateway_mode, telemetry, CircuitBreaker(utc_now))


def dialect_of(settings: GatewaySettings) -> Dialect:
    """How this account's gateway speaks."""
    return Dialect(settings.gateway_amount_unit, settings.gateway_country_format)


def bus_of(bus_name: str, telemetry: Telemetry) -> EventBridgeBus:
    """The bus."""
    return EventBridgeBus(aws("events"), bus_name, telemetry)
