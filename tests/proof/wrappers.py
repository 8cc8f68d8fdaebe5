"""Wrappers around the ledger and the gateway of one process, and a telemetry that fails the proof at a bug."""

from typing import Any

from payments.model.payment import Payment
from payments.ports.ledger import LostRace
from tests.fakes.telemetry import RecordingTelemetry
from tests.proof.gateway_model import ChargePlan, GatewayModel
from tests.proof.refund_model import RefundPlan


class StrictTelemetry(RecordingTelemetry):
    """Fails the proof where production would log a bug."""

    def unexpected(self, error: Exception) -> None:
        """See `RunTelemetry.unexpected`."""
        raise AssertionError(f"unexpected: {error!r}") from error


class PlannedGateway:
    """The gateway with the plans for the POSTs of this process."""

    def __init__(
        self, gateway: GatewayModel, charge_plan: ChargePlan | None = None, refund_plan: RefundPlan | None = None
    ) -> None:
        self._gateway = gateway
        self._charge_plan, self._refund_plan = charge_plan, refund_plan

    def __getattr__(self, name: str) -> Any:
        self._gateway.charge_plan = self._charge_plan or self._gateway.charge_plan
        self._gateway.refund_plan = self._refund_plan or self._gateway.refund_plan
        return getattr(self._gateway, name)


class LosesTheFirstAnswer:
    """A ledger that makes its first write and reports a lost race, as a client does after its own retry."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self._is_first = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def save(self, before: Payment, after: Payment) -> Payment:
        """See `OutcomeLedger.save`."""
        saved: Payment = self._ledger.save(before, after)
        if not self._is_first:
            return saved
        self._is_first = False
        raise LostRace(self._ledger.get(saved.id))
