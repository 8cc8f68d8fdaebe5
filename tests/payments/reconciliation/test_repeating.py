"""A reconciliation may run twice, or in two calls at once. The result is the same."""

import threading
from datetime import timedelta
from typing import Any

from payments.model.payment import Payment
from payments.reconciliation.run import LEASE
from tests.fakes.clock import START
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.eventful_day import ASKED, FOUND, eventful, lines, shape
from tests.payments.reconciliation.reconciler import PLENTY, Reconciler


class TestTwice:
    def test_a_repeated_reconciliation_changes_nothing(self) -> None:
        reconciler = eventful()
        reconciler.run()
        before = shape(reconciler)
        reconciler.run(anew=True)
        assert shape(reconciler) == before
        assert {discrepancy for discrepancy, _, _ in lines(reconciler)} == {"undecided", "unreadable_row"}
        assert {action for _, action, _ in lines(reconciler)} == {"none"}

    def test_another_span_with_the_same_rows_changes_nothing(self) -> None:
        reconciler = eventful()
        reconciler.run()
        before = shape(reconciler)
        reconciler.run(to="2027-02-01")
        assert shape(reconciler) == before

    def test_two_calls_at_once_adopt_an_orphan_once(self) -> None:
        for _ in range(20):
            reconciler = Reconciler(row(transaction_id="PA7", order_id="theirs-7"), row(transaction_id="PA8"))
            reconciler.clock.forward(hours=1)
            spans = [{"from": "2027-01-30", "to": to} for to in ("2027-01-31", "2027-02-01")]
            start = threading.Barrier(2)

            def go(
                payload: dict[str, str], reconciler: Reconciler = reconciler, start: threading.Barrier = start
            ) -> None:
                start.wait()
                reconciler.wired().take(payload, lambda: PLENTY)

            calls = [threading.Thread(target=go, args=[payload]) for payload in spans]
            for call in calls:
                call.start()
            for call in calls:
                call.join()
            assert len(reconciler.ledger.payments()) == 2
            assert {payment.version for payment in reconciler.ledger.payments()} == {2}

    def test_a_call_that_lost_its_lease_stops(self) -> None:
        reconciler = eventful()
        invocation = reconciler.wired()
        taken: list[Payment] = []
        cross_off = reconciler.ledger.cross_off

        class Overtaking:
            def __getattr__(self, name: str) -> Any:
                return getattr(reconciler.ledger, name)

            def cross_off(self, ids: Any) -> None:
                if not taken:
                    taken.append(reconciler.ledger.payments()[0])
                    reconciler.clock.now += LEASE
                    assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"
                cross_off(ids)

        invocation = reconciler.wired(lambda target: Overtaking() if target is reconciler.ledger else target)
        asked = len(reconciler.listing.asked)
        assert invocation.take(ASKED, lambda: PLENTY)["state"] == "held"
        assert len(reconciler.listing.asked) == asked + 1 + 3, "a page by the one, all by the other"
        assert reconciler.report()["counts"] == FOUND


def test_a_call_that_lost_its_lease_overwrites_no_report_part() -> None:
    reconciler = eventful()
    taken: list[bytes] = []
    claim = reconciler.ledger.claim

    class Slow:
        """A ledger so slow that the lease ends, and another call finishes the reconciliation."""

        def __getattr__(self, name: str) -> Any:
            return getattr(reconciler.ledger, name)

        def claim(self, *arguments: Any) -> Payment | None:
            if not taken:
                reconciler.clock.now += LEASE
                assert reconciler.wired().take(ASKED, lambda: PLENTY)["state"] == "finished"
                taken.extend(reconciler.files.files[key] for key in sorted(reconciler.files.files))
            return claim(*arguments)

    invocation = reconciler.wired(lambda target: Slow() if target is reconciler.ledger else target)
    assert invocation.take(ASKED, lambda: PLENTY)["state"] == "held"
    assert [reconciler.files.files[key] for key in sorted(reconciler.files.files)] == taken


def test_a_report_that_began_before_the_day_was_over_is_replaced() -> None:
    reconciler = Reconciler(row())
    reconciler.paid()
    reconciler.clock.now = START + timedelta(hours=3)
    early = reconciler.run()
    reconciler.clock.now = START + timedelta(days=2)
    late = reconciler.run()
    assert (early["state"], late["state"]) == ("finished", "finished")
    assert early["report"] != late["report"]
    assert reconciler.run()["report"] == late["report"], "its days were over"
