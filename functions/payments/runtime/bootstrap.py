"""Builds the adapters that every function needs, from its settings. SnapStart keeps these objects in its snapshot."""

from functools import partial
from typing import Any, Final

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

CONNECTIONS: Final = 128
"""Connections of a client that stay open: enough for each thread of a follow-up. One thread opens only one."""

_TABLE: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=CONNECTIONS,
)
"""One try: `payments/ledger/table.py` tries again itself, within a limit on the whole. DynamoDB answers in
milliseconds; a call that hangs must leave enough time to record the verdict."""

_BUS: Final = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
    max_pool_connections=CONNECTIONS,
)
"""An event that was not put stays due, so little is lost by giving up early."""

_OTHER: Final = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})


def aws(service: str) -> Any:
    """A boto3 client of an AWS service, with short timeouts. Makes no call."""
    config = {"dynamodb": _TABLE, "events": _BUS}.get(service, _OTHER)
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def ledger_of(settings: GatewaySettings, *, leaves_to_relay: bool = True) -> DynamoLedger:
    """The ledger on the payments table. `leaves_to_relay`: see `DynamoLedger`."""
    return DynamoLedger(aws("dynamodb"), settings.table_name, leaves_to_relay=leaves_to_relay)


def follow_up_index_of(settings: GatewaySettings) -> DynamoFollowUpIndex:
    """The index of the payments that have something left to do."""
    return DynamoFollowUpIndex(aws("dynamodb"), settings.table_name)


def gateway_keys_of(settings: GatewaySettings, telemetry: Telemetry, secrets: Any) -> Secret[GatewayKeys]:
    """The cached keys of the gateway. Keys of another mode than the stack's are refused."""
    parse = partial(parse_keys, mode=settings.gateway_mode)
    return Secret(secrets, settings.gateway_secret_id, parse, utc_now, telemetry)


def token_key_of(secret_id: str, telemetry: Telemetry, secrets: Any) -> Secret[bytes]:
    """The cached key that makes the tokens in webhook URLs."""
    return Secret(secrets, secret_id, str.encode, utc_now, telemetry)


def gateway_of(
    settings: GatewaySettings, keys: Secret[GatewayKeys], telemetry: Telemetry, connections: int = 1
) -> PayAgency:
    """The gateway's client, with a transport and a circuit breaker of its own. `connections`: see `Transport`."""
    transport = Transport(settings.gateway_base_url, connections=connections)
    return PayAgency(transport, keys, dialect_of(settings), settings.gateway_mode, telemetry, CircuitBreaker(utc_now))


def dialect_of(settings: GatewaySettings) -> Dialect:
    """The formats that this account of the gateway uses."""
    https_pages_only = settings.gateway_mode == "live"
    return Dialect(settings.gateway_amount_unit, settings.gateway_country_format, https_pages_only)


def bus_of(bus_name: str, telemetry: Telemetry) -> EventBridgeBus:
    """The event bus."""
    return EventBridgeBus(aws("events"), bus_name, telemetry)
