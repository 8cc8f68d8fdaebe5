"""The daily report includes what reconciliations have recorded since the last daily report."""

from dataclasses import replace
from typing import Any

from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import eventful, one_step
from tests.payments.reconciliation.reconciler import PLENTY, Reconciler


class TestDaily:
    """The schedule's reconciliations: each reports the changes since the last daily one finished."""

    def daily(self, reconciler: Reconciler, *, to_its_end: bool = True) -> dict[str, Any]:
        reconciler.clock.forward(hours=1)
        invocation = replace(reconciler.wired(), days=120)
        return invocation.take({}, (lambda: PLENTY) if to_its_end else one_step())

    def test_the_next_report_includes_the_changes_of_an_unfinished_reconciliation(self) -> None:
        reconciler = eventful()
        assert self.daily(reconciler, to_its_end=False)["state"] == "unfinished"
        reconciler.clock.forward(hours=24)
        result = self.daily(reconciler)
        assert result["state"] == "finished"
        assert {kind: result["discrepancies"].get(kind) for kind in ("refunded_elsewhere", "recorded", "orphan")} == {
            "refunded_elsewhere": 1,
            "recorded": 1,
            "orphan": 3,
        }

    def test_the_next_report_omits_what_a_finished_report_has(self) -> None:
        reconciler = eventful()
        self.daily(reconciler)
        reconciler.clock.forward(hours=24)
        assert "refunded_elsewhere" not in self.daily(reconciler)["discrepancies"]

    def test_the_next_report_includes_the_changes_of_a_reconciliation_by_hand(self) -> None:
        reconciler = Reconciler()
        self.daily(reconciler)
        payment = reconciler.paid()
        reconciler.listing.rows = [row(of=payment, refund_date="2027-02-01T08:00:00Z")]
        reconciler.gateway.answers = {payment.wire_order_id: samples.transaction(refunded=True)}
        assert reconciler.run()["discrepancies"] == {"refunded_elsewhere": 1}
        reconciler.clock.forward(hours=24)
        assert self.daily(reconciler)["discrepancies"] == {"refunded_elsewhere": 1}

    def test_the_days_report_includes_the_changes_of_one_by_hand_of_the_same_days(self) -> None:
        reconciler = eventful()
        self.daily(reconciler)
        reconciler.clock.forward(hours=24)
        payment = reconciler.paid()
        reconciler.listing.rows = [row(of=payment, refund_date="2027-02-01T08:00:00Z")]
        reconciler.gateway.answers = {payment.wire_order_id: samples.transaction(refunded=True)}
        by_hand = reconciler.run()
        daily = self.daily(reconciler)
        assert (by_hand["discrepancies"], daily["discrepancies"]) == ({"refunded_elsewhere": 1},) * 2
        assert daily["report"] != by_hand["report"]
