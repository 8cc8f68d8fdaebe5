"""Warm execution environments: each has a client of the gateway, with a circuit breaker and cached keys of its own."""

from collections import defaultdict
from functools import partial
from typing import Any

from payments.gateway.circuit_breaker import CircuitBreaker
from payments.gateway.client import PayAgency
from payments.gateway.credentials import Mode, parse_keys
from payments.gateway.envelope import Dialect
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import Submission
from payments.ports.runtime import Clock
from payments.runtime.secret_cache import Secret
from tests.fakes.telemetry import RecordingTelemetry
from tests.proof.gateway_model import ChargePlan, GatewayModel
from tests.proof.key_model import SECRET_ID, KeyModel
from tests.proof.processes import Process
from tests.proof.refund_model import RefundPlan
from tests.proof.wire_model import Wire

DIALECT = Dialect("minor", "alpha-2")


class Environment:
    """Meets the Gateway port with the real client. `process`: the process that it runs now, if any."""

    def __init__(self, gateway: GatewayModel, keys: KeyModel, clock: Clock, *, live: bool) -> None:
        telemetry = RecordingTelemetry()
        mode: Mode = "live" if live else "test"
        secret = Secret(keys, SECRET_ID, partial(parse_keys, mode=mode), clock, telemetry)
        self.live = live
        self.process: Process | None = None
        self.charge_plan, self.refund_plan = ChargePlan(), RefundPlan()
        self._gateway, self._wire = gateway, Wire(gateway, keys, gateway.now)
        self._client = PayAgency(
            self._wire,  # type: ignore[arg-type]  # it has what the client needs of the transport
            secret,
            DIALECT,
            mode,
            telemetry,
            CircuitBreaker(clock),
            gateway.now,
        )
        self.ensure_ready, self.status = self._client.ensure_ready, self._client.status

    @property
    def is_free(self) -> bool:
        """Whether it runs no process: an environment handles one request at a time."""
        return self.process is None or self.process.is_finished

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        """See `Gateway.charge`."""
        self._wire.submission, self._gateway.charge_plan = submission, self.charge_plan
        return self._client.charge(submission, seconds)

    def refund(self, transaction_id: str, reason: str, seconds: float) -> GatewayTransaction:
        """See `Gateway.refund`."""
        self._gateway.refund_plan = self.refund_plan
        return self._client.refund(transaction_id, reason, seconds)


class Environments:
    """The warm environments of each function. A deploy of the other mode replaces all; running processes go on."""

    def __init__(self) -> None:
        self._warm: dict[str, list[Environment]] = defaultdict(list)

    def free(self, function: str, make: Any) -> Environment:
        """An environment of a function that runs nothing; a new one if there is none."""
        warm = self._warm[function]
        found = next((each for each in warm if each.is_free), None)
        if found is None:
            found = make()
            warm.append(found)
        return found

    def replace_all(self) -> None:
        """No environment is warm any more."""
        self._warm.clear()
