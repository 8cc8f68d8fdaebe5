"""One line of the report: which side each of its cells is from."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from payments.model import refund as refunds
from payments.model.payment import Payment
from payments.model.status import Status
from payments.reconciliation.discrepancy import NOTES, Discrepancy, discrepancy_of
from payments.reconciliation.transaction_list import ListedRow
from tests.fakes import samples
from tests.fakes.clock import START

LATER = START + timedelta(days=1)


def returned() -> Payment:
    """A payment that was refunded and charged back by our record."""
    paid = samples.payment().transition_to(
        Status.SUCCEEDED, at=START, source="answer", evidence={}, transaction_id=samples.TRANSACTION_ID
    )
    refunded = refunds.refunded(paid, START, at=START, source="status", evidence={})
    return refunded.charged_back(START, at=START, source="status", evidence={})


ROW = ListedRow(
    samples.transaction(
        "FAILED",
        transaction_id="PA9",
        order_id="as received",
        amount=Decimal(250),
        currency="EUR",
        refunded_at=LATER,
        charged_back_at=LATER,
    ),
    order_id="theirs",
    created_at=LATER,
    suspicious_at=LATER,
)


def test_a_line_about_both_has_our_ids_and_the_gateways_dates() -> None:
    payment = returned()
    assert discrepancy_of("mismatch", "none", payment, ROW) == Discrepancy(
        discrepancy="mismatch",
        action="none",
        payment_id=payment.id,
        transaction_id=samples.TRANSACTION_ID,
        order_id=samples.ORDER_ID,
        made_at=LATER,
        amount_here=100,
        amount_gateway=250,
        currency_here="GBP",
        currency_gateway="EUR",
        status_here="succeeded",
        status_gateway="FAILED",
        refunded_at=LATER,
        charged_back_at=LATER,
        suspicious_at=LATER,
        note=NOTES["mismatch"],
    )


def test_what_one_side_does_not_say_is_from_the_other() -> None:
    payment = returned()
    silent = ListedRow(samples.transaction(transaction_id="PA9", order_id="as received"), order_id="theirs")
    line = discrepancy_of("mismatch", "none", payment, silent)
    assert (line.made_at, line.refunded_at, line.charged_back_at) == (START, START, START)
    nameless = replace(payment, transaction_id=None, order_id=None)
    line = discrepancy_of("mismatch", "none", nameless, ROW)
    assert (line.transaction_id, line.order_id) == ("PA9", "theirs")


def test_a_line_without_a_row_has_our_side_alone() -> None:
    payment = returned()
    assert discrepancy_of("not_listed", "none", payment, None) == Discrepancy(
        discrepancy="not_listed",
        action="none",
        payment_id=payment.id,
        transaction_id=samples.TRANSACTION_ID,
        order_id=samples.ORDER_ID,
        made_at=START,
        amount_here=100,
        currency_here="GBP",
        status_here="succeeded",
        refunded_at=START,
        charged_back_at=START,
        note=NOTES["not_listed"],
    )


def test_a_line_without_a_payment_has_the_gateways_side_alone() -> None:
    assert discrepancy_of("orphan", "none", None, ROW) == Discrepancy(
        discrepancy="orphan",
        action="none",
        transaction_id="PA9",
        order_id="theirs",
        made_at=LATER,
        amount_gateway=250,
        currency_gateway="EUR",
        status_gateway="FAILED",
        refunded_at=LATER,
        charged_back_at=LATER,
        suspicious_at=LATER,
        note=NOTES["orphan"],
    )


def test_a_row_without_dates_makes_a_line_without_dates() -> None:
    line = discrepancy_of("orphan", "none", None, ListedRow(samples.transaction()))
    assert (line.made_at, line.refunded_at, line.charged_back_at, line.order_id) == (None, None, None, None)
