"""The reconciliation over fakes, and the steps of its tests."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from payments.gateway.transaction_list import row_of
from payments.model.gateway_transaction import GatewayTransaction
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import GatewayError
from payments.ports.runtime import Telemetry
from payments.reconciliation.report import FileReports
from payments.reconciliation.run import ReconciliationRun
from payments.reconciliation.transaction_list import ListedRow, Span
from reconciliation.invocation import ReconciliationInvocation
from tests.emf_lines import Console
from tests.fakes import samples
from tests.fakes.checkpoints import InMemoryCheckpoints
from tests.fakes.clock import START, SettableClock
from tests.fakes.files import InMemoryFiles
from tests.fakes.gateway import ScriptedGateway
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.transaction_list import LATER, MINOR, ScriptedList, row

DAY = START.date()
SPAN = Span(DAY, DAY)
PLENTY = 900.0
NEIGHBOUR = row(transaction_id="PA-of-another-day", order_id=None, created_at="2027-02-01T08:00:00Z")
"""A list is hardly ever empty: this row is of a day that is not reconciled, so it is ignored."""

NEXT_DAY = START + timedelta(days=1)


class AgreeingGateway(ScriptedGateway):
    """Unscripted, its status API answers as its list shows; with `agrees` False it knows no payment."""

    agrees = True

    def __init__(self, listing: ScriptedList) -> None:
        super().__init__()
        self.listing = listing

    def _found(self, name: str) -> GatewayTransaction | GatewayError:
        if name not in self.answers and self.agrees:
            for each in self.listing.rows:
                if not isinstance(each, dict) or name not in (each.get("transaction_id"), each.get("order_id")):
                    continue  # parsing each row for each question takes most of the time of a long list
                listed = row_of(each, MINOR, LATER)
                if isinstance(listed, ListedRow) and name in (
                    listed.transaction.transaction_id,
                    listed.transaction.order_id,
                ):
                    return listed.transaction
        return super()._found(name)


class Reconciler:
    """The reconciliation over fakes, on the day after the sample payment was made."""

    def __init__(self, *rows: object, page_size: int = 2) -> None:
        self.ledger = InMemoryLedger()
        self.listing = ScriptedList(*(rows or [NEIGHBOUR]), page_size=page_size)
        self.gateway = AgreeingGateway(self.listing)
        self.checkpoints = InMemoryCheckpoints()
        self.files = InMemoryFiles()
        self.clock = SettableClock(NEXT_DAY)
        self.console = Console("reconciliation")
        self.telemetry: Telemetry = self.console.telemetry
        self.paused: list[float] = []

    def wired(self, wire: Callable[[Any], Any] = lambda target: target) -> ReconciliationInvocation:
        """The function's invocation; `wire` may wrap each of the fakes that it calls."""
        reconciliation = ReconciliationRun(
            listing=wire(self.listing),
            gateway=wire(self.gateway),
            ledger=wire(self.ledger),
            checkpoints=wire(self.checkpoints),
            reports=FileReports(wire(self.files)),
            clock=self.clock,
            telemetry=self.telemetry,
            pause=self.paused.append,
        )
        return ReconciliationInvocation(
            reconciliation, self.console.telemetry, lambda key: f"s3://reports/{key}", days=1, monotonic=lambda: 0.0
        )

    def run(self, seconds_left: Callable[[], float] = lambda: PLENTY, **payload: Any) -> dict[str, Any]:
        """One call, an hour later, by default for the sample payment's day."""
        self.clock.forward(hours=1)
        return self.wired().take({"from": DAY.isoformat(), "to": DAY.isoformat(), **payload}, seconds_left)

    def paid(self, key: str = samples.KEY, transaction_id: str = samples.TRANSACTION_ID, **changes: Any) -> Payment:
        """A payment that succeeded a day ago."""
        return self.with_status(Status.SUCCEEDED, key=key, transaction_id=transaction_id, **changes)

    def with_status(
        self, to: Status, *, key: str = samples.KEY, transaction_id: str | None = samples.TRANSACTION_ID, **changes: Any
    ) -> Payment:
        """A payment that has had a status since a day ago."""
        payment = self.claimed(key, **changes)
        after = payment.transition_to(to, at=START, source="answer", evidence={}, transaction_id=transaction_id)
        return self.ledger.save(payment, after)

    def claimed(self, key: str = samples.KEY, **changes: Any) -> Payment:
        """A payment that was sent a day ago."""
        payment = samples.payment(key=key, **changes)
        assert self.ledger.claim(payment, None) is None
        return payment

    def standing(self, payment: Payment) -> Payment:
        """The payment as it is now."""
        found = self.ledger.get(payment.id)
        assert found is not None
        return found

    def report(self) -> dict[str, Any]:
        """The newest report."""
        (*_, key) = sorted(key for key in self.files.files if key.endswith(".json"))
        report: dict[str, Any] = json.loads(self.files.files[key])
        return report

    def discrepancies(self) -> list[tuple[str, str]]:
        """The discrepancies and actions of the newest report."""
        return [(line["discrepancy"], line["action"]) for line in self.report()["discrepancies"]]

    def table(self) -> list[dict[str, str]]:
        """The rows of the newest CSV report."""
        (*_, key) = sorted(key for key in self.files.files if key.endswith(".csv"))
        return list(csv.DictReader(io.StringIO(self.files.files[key].decode())))

    def unlisted_ids(self) -> set[str]:
        """The payments on the index of unlisted payments."""
        ever = Span(date(2000, 1, 1), date(2099, 1, 1))
        found, place = self.ledger.unlisted(ever, None, live=False)
        seen = {payment.id for payment in found}
        while place is not None:
            found, place = self.ledger.unlisted(ever, place, live=False)
            seen |= {payment.id for payment in found}
        return seen


def moment(text: str) -> datetime:
    """A moment of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
