"""The system under test with its operation: people decide what the service cannot know, reconciliations run."""

import json
from typing import Any, Final

from operate.decide.decision import REFUND_FAILED, REFUNDED, NotDecidable, decide
from payments.errors import SecretUnusable
from payments.gateway.status_words import VERDICTS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.errors import ListStuck
from payments.reconciliation.plan import DailyPlan
from payments.reconciliation.report import FileReports
from payments.reconciliation.run import Deadlines, ReconciliationRun, RunResult
from payments.reconciliation.transaction_list import Span
from tests.fakes.checkpoints import InMemoryCheckpoints
from tests.fakes.clock import START
from tests.fakes.files import InMemoryFiles
from tests.proof.environments import Environment, Environments
from tests.proof.gateway_model import FINAL, Charge
from tests.proof.key_model import KeyModel
from tests.proof.list_model import ListModel, moment
from tests.proof.processes import Paused, Process
from tests.proof.reached import reached
from tests.proof.system_under_test import SystemUnderTest

RECONCILIATION_SECONDS: Final = 900.0
"""The time-out of the function (template.yaml)."""


class OperatedSystem(SystemUnderTest):
    """A person reads the gateway's back office, which shows the truth, and writes the decision a moment later.

    `begun`: the days of all reconciliations so far. `finished`: checkpoints of finished ones, not yet examined.
    """

    expected = (*SystemUnderTest.expected, NotDecidable, ListStuck, SecretUnusable)

    def __init__(self, *, list_lag: float = 0.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.listing = ListModel(self.gateway, list_lag)
        self.checkpoints, self.files = InMemoryCheckpoints(), InMemoryFiles()
        self.keys, self._environments = KeyModel(), Environments()
        self.begun: list[Span] = []
        self.finished: list[Checkpoint] = []

    @property
    def undecided(self) -> list[Payment]:
        """The payments that wait for a person."""
        return [each for each in self.ledger.payments() if each.status is Status.NEEDS_REVIEW or each.awaits_refund]

    def decision_on(self, payment: Payment) -> str | None:
        """What a person reads in the back office now. None: look again later, the request may still be on its way."""
        charge = next((each for each in self.gateway.charges if each.payment_id == payment.id), None)
        if payment.awaits_refund:
            return None if charge is None else self._refund_decision(charge)
        if charge is None:
            in_flight = {each.payment_id for _, each in self.gateway.in_flight}
            return None if payment.id in in_flight else Status.FAILED.value
        if charge.raw_status not in FINAL:
            self.decided_early.add(payment.id)
            return Status.ABANDONED.value
        return VERDICTS[charge.raw_status].value

    def _refund_decision(self, charge: Charge) -> str | None:
        if charge.reversals.refunds:
            return REFUNDED
        if charge.reversals.in_flight:
            return None
        charge.reversals.seen_without_refund.append(self.elapsed)
        return REFUND_FAILED

    def decide(self, payment: Payment, to: str) -> Process:
        """Starts `operate.decide` with a decision."""

        def work(process: Process) -> Payment:
            try:
                decided = decide(Paused(self.ledger, process), payment.id, to, who="ops", why="seen", at=self.clock())
            except NotDecidable as error:
                reached("a decision is refused: " + ("overtaken" if "meanwhile" in str(error) else "not waited for"))
                raise
            reached(f"a decision: {'refund' if to in (REFUNDED, REFUND_FAILED) else 'status'}")
            return decided

        return self._start(f"decide {to}", 10 * 60.0, work)

    # -------------------------------------------------- environments and keys

    def environment_for(self, function: str) -> Environment:
        """See `SystemUnderTest.environment_for`."""
        return self._environments.free(
            function, lambda: Environment(self.gateway, self.keys, self.clock, live=self.live)
        )

    def switch_mode(self) -> None:
        """The stack is deployed in the other mode. Processes that run go on in the old one."""
        self.live = not self.live
        self._environments.replace_all()

    def end_faults(self) -> None:
        """See `SystemUnderTest.end_faults`. A person fills in the keys that the gateway accepts."""
        super().end_faults()
        self.keys.store(live=self.live)

    # ------------------------------------------------------- reconciliation

    def reconcile(self, days: Span | DailyPlan, *, anew: bool = False) -> Process:
        """Starts one call of a reconciliation, by hand or by schedule: it begins, or continues at its checkpoint."""
        ends = self.elapsed + RECONCILIATION_SECONDS
        environment = self.environment_for("reconciliation")
        listed = self.listing.of_mode(live=self.live)

        def work(process: Process) -> RunResult:
            listing, gateway, ledger, checkpoints, files = (
                Paused(part, process) for part in (listed, environment, self.ledger, self.checkpoints, self.files)
            )
            reconciliation = ReconciliationRun(
                listing, gateway, ledger, checkpoints, FileReports(files), self.clock, self.telemetry, lambda _: None
            )
            deadlines = Deadlines(lambda: ends - self.elapsed, lambda: ends - self.elapsed)
            if isinstance(days, DailyPlan):
                result = reconciliation.run_daily(days, deadlines, anew=anew)
                reached(f"a daily reconciliation: {result.state}")
            else:
                result = reconciliation.run(days, deadlines, anew=anew)
            reached(f"a reconciliation: {result.state}")
            if result.state == "finished" and result.checkpoint is not None:
                self._examine_later(result.checkpoint)
            return result

        if isinstance(days, Span):
            self.begun.append(days)
        return self._start(f"reconciliation {days}", RECONCILIATION_SECONDS, work, environment)

    def _examine_later(self, checkpoint: Checkpoint) -> None:
        if checkpoint.daily and checkpoint.finished_at is not None:
            if checkpoint.finished_at.date() > checkpoint.started_at.date():
                reached("a daily reconciliation goes on after midnight")
            if len(checkpoint.compared) > 1:
                reached("a daily reconciliation of several lists")
        self.finished.append(checkpoint)

    def reconcile_to_the_end(self) -> None:
        """Two hours later, when no change is recent any more: all days, in one call; then the follow-up publishes.

        An earlier one that was cut off goes on first: it may have read the list before the last changes.
        """
        self.pass_time(2 * 60 * 60)
        self.listing.lag = 0
        began = self.clock()
        for _ in range(2):
            call = self.reconcile(Span(START.date(), moment(self.elapsed).date()), anew=True)
            self.advance(call)
            assert isinstance(call.result, RunResult)
            assert call.result.state == "finished"
            if self.finished[-1].started_at >= began:
                break
        assert self.finished[-1].started_at >= began
        for _ in self.follow_up_to_the_end():
            pass

    def reported(self, checkpoint: Checkpoint) -> set[str]:
        """The payments with a line in a report."""
        assert checkpoint.report is not None
        report = json.loads(self.files.files[checkpoint.report.json])
        assert len(report["discrepancies"]) == sum(checkpoint.counts.values()), "the report lost a part"
        return {line["payment_id"] for line in report["discrepancies"]}
