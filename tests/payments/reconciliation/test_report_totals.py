"""The totals of the report: the gateway's side, our side, and the difference."""

from typing import Any

from payments.model.status import Status
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.listed_facts import REFUNDED
from tests.payments.reconciliation.reconciler import DAY, Reconciler


class TestReportTotals:
    def totals(self, reconciler: Reconciler) -> dict[str, Any]:
        reconciler.run()
        totals: list[dict[str, Any]] = reconciler.report()["totals"]
        assert len(totals) == 1
        return totals[0]

    def test_both_sides_and_the_difference(self) -> None:
        reconciler = Reconciler(row(**REFUNDED), row(transaction_id="PA7", order_id="theirs", amount="30"))
        reconciler.paid()
        assert self.totals(reconciler) == {
            "currency": "GBP",
            "gateway": {"payments": 2, "amount": 130, "refunded": 100, "charged_back": 0},
            "here": {"payments": 1, "amount": 100, "refunded": 100, "charged_back": 0},
            "difference": {"payments": 1, "amount": 30, "refunded": 0, "charged_back": 0},
        }

    def test_an_unlisted_payment_counts_on_our_side(self) -> None:
        reconciler = Reconciler()
        reconciler.paid()
        reconciler.gateway.script_statuses(samples.transaction())
        assert self.totals(reconciler)["difference"] == {
            "payments": -1,
            "amount": -100,
            "refunded": 0,
            "charged_back": 0,
        }

    def test_each_currency_has_its_own_totals(self) -> None:
        reconciler = Reconciler(row(), row(transaction_id="PA7", order_id="b", currency="JPY", amount="500"))
        reconciler.paid()
        reconciler.run()
        assert [entry["currency"] for entry in reconciler.report()["totals"]] == ["GBP", "JPY"]

    def test_rows_of_the_extra_day_at_each_end_are_not_counted(self) -> None:
        reconciler = Reconciler(
            row(created_at="2027-01-30T23:59:59.999Z"), row(transaction_id="PA7", created_at="2027-02-01T00:00:00.000Z")
        )
        reconciler.run()
        assert reconciler.report()["totals"] == []
        assert reconciler.report()["reconciliation"]["rows"] == 2

    def test_a_row_without_a_date_is_counted(self) -> None:
        reconciler = Reconciler(row(created_at=None))
        reconciler.paid()
        assert self.totals(reconciler)["gateway"]["amount"] == 100

    def test_a_failed_payment_is_not_counted(self) -> None:
        reconciler = Reconciler(row("FAILED"))
        reconciler.with_status(Status.FAILED)
        reconciler.run()
        assert reconciler.report()["totals"] == []


def test_the_days_asked_for_have_a_day_more_at_each_end() -> None:
    reconciler = Reconciler()
    reconciler.run()
    ((span, cursor),) = reconciler.listing.asked
    assert (span.first, span.last, cursor) == (DAY, DAY, None), "the list's own room adds them"
