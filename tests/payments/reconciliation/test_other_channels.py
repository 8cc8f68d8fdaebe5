"""Channels of the account that are declared as not ours: counted apart, no orphans, and no alarm."""

from typing import Any

import pytest

from payments.gateway.transaction_list import row_of
from payments.model.status import Status
from payments.ports.gateway import Refused
from payments.reconciliation.transaction_list import ListedRow
from tests.fakes import samples
from tests.fakes.transaction_list import LATER, MINOR, row
from tests.payments.reconciliation.reconciler import Reconciler

LINK = "transaction_type=PAYMENT_LINK"
BANK = "merchant_connector=Open Banking"
OF_LINK = {"transaction_type": "PAYMENT_LINK"}


def theirs(nth: int, raw_status: str = "SUCCESS", **changes: Any) -> dict[str, Any]:
    return row(raw_status, transaction_id=f"PA-their-{nth}", order_id=f"their-{nth}") | OF_LINK | changes


@pytest.fixture
def reconciler() -> Reconciler:
    reconciler = Reconciler(page_size=2)
    reconciler.listing.other_channels = (LINK, BANK)
    return reconciler


@pytest.mark.parametrize(
    ("fields", "channel"),
    [
        ({}, None),
        ({"transaction_type": "PAYMENT_LINK"}, LINK),
        ({"transaction_type": "payment_link"}, None),
        ({"transaction_type": "CARD"}, None),
        ({"transaction_type": None}, None),
        ({"transaction_type": ["PAYMENT_LINK"]}, None),
        ({"merchant_connector": {"name": "Open Banking"}}, BANK),
        ({"merchant_connector": "Open Banking"}, BANK),
        ({"merchant_connector": {"name": None}}, None),
        ({"merchant_connector": {}}, None),
        ({"transaction_type": "CARD", "merchant_connector": {"name": "Open Banking"}}, BANK),
        ({"merchant_connector": {"name": "PAYMENT_LINK"}}, None),
    ],
    ids=repr,
)
def test_a_row_is_of_a_channel_by_its_exact_value(fields: dict[str, Any], channel: str | None) -> None:
    parsed = row_of(row() | fields, MINOR, LATER, (LINK, BANK))
    assert isinstance(parsed, ListedRow)
    assert parsed.other_channel == channel
    undeclared = row_of(row() | fields, MINOR, LATER)
    assert isinstance(undeclared, ListedRow)
    assert undeclared.other_channel is None


def test_their_transactions_are_counted_apart_and_are_no_orphans(reconciler: Reconciler) -> None:
    ours = reconciler.paid()
    reconciler.listing.rows = [
        theirs(1),
        theirs(2, refund_date="2027-02-01T08:00:00Z"),
        theirs(3, "FAILED"),
        row(of=ours),
        theirs(4, amount="700", currency="JPY"),
        row(transaction_id="PA-bank", order_id=None, merchant_connector={"name": "Open Banking"}),
        theirs(5, suspicious_date="2027-02-01T08:00:00Z"),
    ]
    result = reconciler.run()
    assert (result["complete"], result["rows"], result["discrepancies"]) == (True, 7, {})
    assert reconciler.ledger.payments() == [ours]
    report = reconciler.report()
    paid = {"amount": 100, "refunded": 0, "charged_back": 0}
    assert report["other_channels"] == [
        {"channel": BANK, "currency": "GBP", "transactions": 1, "payments": 1, **paid},
        {"channel": LINK, "currency": "GBP", "transactions": 4, "payments": 3, **paid, "amount": 300, "refunded": 100},
        {"channel": LINK, "currency": "JPY", "transactions": 1, "payments": 1, **paid, "amount": 700},
    ]
    (totals,) = report["totals"]
    assert totals["gateway"] == totals["here"] == {"payments": 1, **paid}
    assert '"reconciliation_doubtful"' not in reconciler.console.read()
    assert '"payment_needs_review"' not in reconciler.console.read()
    assert reconciler.gateway.asked == []


def test_undeclared_they_are_orphans(reconciler: Reconciler) -> None:
    reconciler.listing.rows = [theirs(1), theirs(2, transaction_type="INVOICE")]
    assert reconciler.run()["discrepancies"] == {"orphan": 1}
    reconciler.listing.other_channels = ()
    assert reconciler.run(anew=True)["discrepancies"]["orphan"] == 1, "the second one"
    assert len(reconciler.ledger.payments()) == 2


def test_a_transaction_with_a_second_row_on_the_next_page_counts_once(reconciler: Reconciler) -> None:
    reconciler.listing.rows = [theirs(1), theirs(2), theirs(2, created_at="2027-01-31T09:30:00.001Z"), theirs(3)]
    reconciler.run()
    (counted,) = reconciler.report()["other_channels"]
    assert counted["transactions"] == 3


def test_a_row_of_another_day_is_not_counted(reconciler: Reconciler) -> None:
    reconciler.listing.rows = [theirs(1), theirs(2, created_at="2027-02-01T08:00:00Z")]
    reconciler.run()
    (counted,) = reconciler.report()["other_channels"]
    assert counted["transactions"] == 1


def test_a_list_that_restarts_counts_once(reconciler: Reconciler) -> None:
    reconciler.listing.rows = [theirs(n) for n in range(6)]
    reconciler.listing.script_pages(None, None, Refused("Invalid cursor."))
    reconciler.run()
    (counted,) = reconciler.report()["other_channels"]
    assert counted["transactions"] == 6


def test_a_payment_of_ours_is_compared_whatever_its_channel_and_an_engineer_is_called(reconciler: Reconciler) -> None:
    ours = [reconciler.paid(f"key-{n}", f"PA{n}", order_id=f"order-{n}") for n in range(5)]
    reconciler.listing.rows = [row(of=each, refund_date="2027-02-01T08:00:00Z") | OF_LINK for each in ours]
    assert reconciler.run()["discrepancies"] == {"refunded_elsewhere": 5}
    assert reconciler.unlisted_ids() == set()
    assert reconciler.report()["other_channels"] == []
    log = reconciler.console.read()
    assert log.count("our payments in a declared channel") == 1


def test_a_sale_under_an_order_of_ours_is_no_other_channel(reconciler: Reconciler) -> None:
    """A shopper whose card was declined may have paid the same order by a link: the order must stay locked."""
    payment = reconciler.with_status(Status.FAILED, transaction_id="PA1")
    reconciler.listing.rows = [row("FAILED", of=payment), theirs(1, order_id=samples.ORDER_ID)]
    assert reconciler.run()["discrepancies"] == {"other_transaction": 1, "orphan": 1}
    assert reconciler.standing(payment).status is Status.NEEDS_REVIEW


def test_an_orphan_of_before_the_declaration_is_still_compared(reconciler: Reconciler) -> None:
    reconciler.listing.other_channels = ()
    reconciler.listing.rows = [theirs(1)]
    assert reconciler.run()["discrepancies"] == {"orphan": 1}
    reconciler.listing.other_channels = (LINK,)
    reconciler.clock.forward(hours=24)
    assert reconciler.run(anew=True)["discrepancies"] == {"undecided": 1}
    assert "our payments in a declared channel" not in reconciler.console.read()
