"""Totals: what was taken, refunded and charged back on each side, by currency."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model import refund as refunds
from payments.model.status import Status
from payments.reconciliation.totals import (
    NOTHING,
    Totals,
    add_totals,
    gateway_totals,
    our_totals,
    totals_report,
    whole_minor_units,
)
from tests.fakes import samples
from tests.fakes.clock import START

numbers = st.integers(-(10**12), 10**12)
sums = st.builds(Totals, numbers, numbers, numbers, numbers)


@given(sums, sums)
def test_subtraction_reverses_addition(one: Totals, other: Totals) -> None:
    assert one + other - other == one
    assert one + NOTHING == one


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, Totals(1, 100)),
        ({"refunded": True}, Totals(1, 100, 100)),
        ({"charged_back": True}, Totals(1, 100, 0, 100)),
        ({"amount": Decimal("1.5")}, NOTHING),
        ({"amount": None}, NOTHING),
        ({"raw_status": "FAILED"}, NOTHING),
        ({"raw_status": "ON_HOLD"}, NOTHING),
    ],
    ids=repr,
)
def test_the_gateways_totals_are_of_its_row(changes: dict[str, Any], counted: Totals) -> None:
    assert gateway_totals(samples.transaction(**changes)) == counted


@pytest.mark.parametrize("status", list(Status))
def test_our_totals_count_succeeded_payments(status: Status) -> None:
    payment = replace(samples.payment(), status=status)
    assert our_totals(payment) == (Totals(1, 100) if status is Status.SUCCEEDED else NOTHING)


def test_our_totals_count_refunds_and_chargebacks() -> None:
    paid = replace(samples.payment(), status=Status.SUCCEEDED)
    refunded = refunds.refunded(paid, START, at=START, source="reconciliation", evidence={})
    assert our_totals(refunded) == Totals(1, 100, 100)
    assert our_totals(paid.charged_back(START, at=START, source="reconciliation", evidence={})) == Totals(
        1, 100, 0, 100
    )


def test_each_currency_has_an_entry_with_the_difference() -> None:
    totals = add_totals(add_totals({}, "JPY", here=Totals(1, 5)), "GBP", gateway=Totals(2, 300), here=Totals(1, 100))
    assert [(line["currency"], line["difference"]["amount"]) for line in totals_report(totals)] == [
        ("GBP", 200),
        ("JPY", -5),
    ]


def test_empty_totals_make_no_entry() -> None:
    assert add_totals({}, "GBP") == {}
    assert add_totals({}, None, gateway=Totals(1, 1)) == {}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_only_a_whole_amount_is_a_number(amount: Decimal) -> None:
    assert whole_minor_units(amount) is None or whole_minor_units(amount) == amount
