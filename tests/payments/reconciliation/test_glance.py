"""Payments are read cheaply first. Nothing is asked, written or reported by what such a read may have missed."""

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import pytest

from payments.gateway.transaction_list import row_of
from payments.ledger import history_items
from payments.model.payment import Payment
from payments.model.status import Status
from payments.reconciliation.agreement import is_settled
from payments.reconciliation.matching import IndexedPayment, matcher_of
from payments.reconciliation.transaction_list import ListedRow
from tests.fakes import samples
from tests.fakes.clock import START
from tests.fakes.ledger import InMemoryLedger
from tests.fakes.transaction_list import LATER, MINOR, row
from tests.payments.reconciliation.reconciler import Reconciler

Found = Mapping[str, IndexedPayment]
REFUNDED = {"refund_date": "2027-02-01T08:00:00Z"}


class LaggingLedger(InMemoryLedger):
    """A table with cheap reads that show it as it was when `freeze` was called. `exact`: the ids of the other reads."""

    def __init__(self) -> None:
        super().__init__()
        self.exact: list[str] = []
        self._then: dict[str, history_items.Item] | None = None

    def freeze(self) -> None:
        """From now on, cheap reads show the table as it is now."""
        self._then = copy.deepcopy(self._table)

    def sent_under(
        self, wire_order_ids: Iterable[str], *, live: bool, consistent: bool = True
    ) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.sent_under`."""
        wanted = list(wire_order_ids)
        return self._read_as_of(consistent, wanted, lambda: super(LaggingLedger, self).sent_under(wanted, live=live))

    def standing(self, payment_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.standing`."""
        wanted = list(payment_ids)
        return self._read_as_of(consistent, wanted, lambda: super(LaggingLedger, self).standing(wanted))

    def _read_as_of(self, consistent: bool, wanted: list[str], read: Callable[[], Found]) -> Found:  # noqa: FBT001
        if consistent:
            self.exact += wanted
            return read()
        if self._then is None:
            return read()
        now, self._table = self._table, self._then
        try:
            return read()
        finally:
            self._table = now


@pytest.fixture
def reconciler() -> Reconciler:
    reconciler = Reconciler(page_size=50)
    reconciler.ledger = LaggingLedger()
    return reconciler


def exact(reconciler: Reconciler) -> set[str]:
    assert isinstance(reconciler.ledger, LaggingLedger)
    return set(reconciler.ledger.exact)


def freeze(reconciler: Reconciler) -> None:
    assert isinstance(reconciler.ledger, LaggingLedger)
    reconciler.ledger.freeze()


def forget(reconciler: Reconciler) -> None:
    assert isinstance(reconciler.ledger, LaggingLedger)
    reconciler.ledger.exact.clear()


def many_paid(reconciler: Reconciler) -> list[Payment]:
    return [reconciler.paid(f"key-{n}", f"PA{n}", order_id=f"order-{n}" if n % 2 else None) for n in range(20)]


def test_rows_that_agree_are_read_cheaply_alone(reconciler: Reconciler) -> None:
    paid = many_paid(reconciler)
    reconciler.listing.rows = [row(of=each) for each in paid]
    result = reconciler.run()
    assert (result["rows"], result["discrepancies"]) == (20, {})
    assert exact(reconciler) == set()
    assert reconciler.unlisted_ids() == set()
    (totals,) = reconciler.report()["totals"]
    assert totals["gateway"] == totals["here"]


def test_a_row_that_differs_is_read_again_alone(reconciler: Reconciler) -> None:
    paid = many_paid(reconciler)
    reconciler.listing.rows = [row(of=each, **(REFUNDED if each is paid[7] else {})) for each in paid]
    assert reconciler.run()["discrepancies"] == {"refunded_elsewhere": 1}
    assert exact(reconciler) == {"order-7"}


def test_a_payment_that_a_cheap_read_misses_is_no_orphan(reconciler: Reconciler) -> None:
    freeze(reconciler)
    payment = reconciler.paid()
    reconciler.listing.rows = [row(of=payment)]
    assert reconciler.run()["discrepancies"] == {}
    assert reconciler.ledger.payments() == [payment]
    assert reconciler.unlisted_ids() == set()


def test_a_refund_that_a_cheap_read_misses_is_no_news(reconciler: Reconciler) -> None:
    payment = reconciler.paid()
    freeze(reconciler)
    reconciler.listing.rows = [row(of=payment, **REFUNDED)]
    reconciler.gateway.answers = {payment.wire_order_id: samples.transaction(refunded=True)}
    assert reconciler.run()["discrepancies"] == {"refunded_elsewhere": 1}
    assert reconciler.run(anew=True)["discrepancies"] == {}, "the cheap read still shows no refund"
    assert len(reconciler.gateway.asked) == 1


def test_an_orphan_that_a_cheap_read_misses_is_not_adopted_twice(reconciler: Reconciler) -> None:
    freeze(reconciler)
    reconciler.listing.rows = [row(transaction_id="PA1", order_id="theirs-1")]
    for _ in range(2):
        reconciler.run(anew=True)
    assert len(reconciler.ledger.payments()) == 1


def test_both_transactions_of_an_order_are_read_again(reconciler: Reconciler) -> None:
    """The first row agrees. Together with the second one it is a decision."""
    payment = reconciler.with_status(Status.FAILED, transaction_id="PA1")
    reconciler.listing.rows = [row("FAILED", of=payment), row(transaction_id="PA2")]
    freeze(reconciler)
    assert reconciler.run()["discrepancies"] == {"other_transaction": 1, "orphan": 1}
    assert samples.ORDER_ID in exact(reconciler)
    assert reconciler.standing(payment).status is Status.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("ours", "listed"),
    [
        (Status.SUCCEEDED, {"suspicious_date": "2027-02-01T08:00:00Z"}),
        (Status.SUCCEEDED, {"amount": "7"}),
        (Status.SUCCEEDED, {"currency": "EUR"}),
        (Status.SUCCEEDED, {"status": "FAILED"}),
        (Status.SUCCEEDED, {"status": "SETTLED"}),
        (Status.SUCCEEDED, {"chargeback_date": "2027-02-01T08:00:00Z"}),
        (Status.SUCCEEDED, {"transaction_id": "PA-another"}),
        (Status.FAILED, {"status": "BLOCKED"}),
        (Status.FAILED, {"status": "SUCCESS"}),
        (Status.NEEDS_REVIEW, {"status": "SUCCESS"}),
        (Status.REQUIRES_ACTION, {"status": "SUCCESS"}),
    ],
    ids=repr,
)
def test_whatever_has_a_line_or_a_consequence_is_read_again(
    reconciler: Reconciler, ours: Status, listed: dict[str, str]
) -> None:
    payment = reconciler.with_status(ours)
    reconciler.listing.rows = [row(of=payment) | listed]
    assert reconciler.run()["discrepancies"]
    assert samples.ORDER_ID in exact(reconciler)


def test_a_payment_without_its_transaction_id_gets_it_by_an_exact_read(reconciler: Reconciler) -> None:
    claimed = reconciler.claimed()
    payment = reconciler.ledger.save(
        claimed, claimed.transition_to(Status.SUCCEEDED, at=START, source="answer", evidence={})
    )
    reconciler.listing.rows = [row(of=payment)]
    reconciler.run()
    assert samples.ORDER_ID in exact(reconciler)
    assert reconciler.standing(payment).transaction_id == samples.TRANSACTION_ID


def test_a_row_beside_another_transaction_of_its_order_has_the_payment_as_it_is(reconciler: Reconciler) -> None:
    payment = reconciler.with_status(Status.FAILED, transaction_id="PA1")
    freeze(reconciler)
    now = reconciler.ledger.save(payment, replace(payment, message="written since"))
    raw = [row("FAILED", of=payment), row("FAILED", of=payment, order_id=None), row(transaction_id="PA2")]
    rows = [parsed for each in raw if isinstance(parsed := row_of(each, MINOR, LATER), ListedRow)]
    settled = partial(is_settled, since=START, at=reconciler.clock())
    matcher = matcher_of(rows, reconciler.ledger, live=False, is_settled=settled)
    first, second, third = map(matcher.match, rows)
    assert (first.payment, second.payment, third.payment) == (now, now, None)
    assert third.other_payment == now


def test_an_unpaid_transaction_under_an_order_of_ours_is_read_again(reconciler: Reconciler) -> None:
    """It was adopted long ago, and agrees; but another payment has its order."""
    reconciler.listing.rows = [row("FAILED", transaction_id="PA2")]
    reconciler.run()
    reconciler.paid(transaction_id="PA1")
    forget(reconciler)
    reconciler.listing.rows.append(row(transaction_id="PA1"))
    assert reconciler.run(anew=True)["discrepancies"] == {}
    assert samples.ORDER_ID in exact(reconciler)
