"""A list has a day more at each end. A daily reconciliation leaves most of their rows to their own days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from payments.gateway.transaction_list import row_of
from payments.reconciliation.checkpoint import Checkpoint, new_checkpoint, new_daily_checkpoint
from payments.reconciliation.listed_page import is_due
from payments.reconciliation.transaction_list import ListedRow, Span
from tests.fakes.transaction_list import LATER, MINOR, row
from tests.payments.reconciliation.reconciler import moment

SPAN = Span(date(2026, 8, 3), date(2026, 8, 18))
BEGUN = moment("2026-11-22T00:04:00")
DAILY = new_daily_checkpoint((SPAN,), live=False, at=BEGUN)
BY_HAND = new_checkpoint(SPAN, live=False, at=BEGUN)


def listed(created_at: str) -> ListedRow:
    parsed = row_of(row(created_at=created_at), MINOR, LATER)
    assert isinstance(parsed, ListedRow)
    return parsed


@pytest.mark.parametrize(
    ("created_at", "compared"),
    [
        ("2026-08-02T22:59:59.999Z", False),
        ("2026-08-02T23:00:00Z", True),
        ("2026-08-03T00:00:00Z", True),
        ("2026-08-10T12:00:00Z", True),
        ("2026-08-18T23:59:59Z", True),
        ("2026-08-19T00:59:59.999Z", True),
        ("2026-08-19T01:00:00Z", False),
        ("2026-08-19T03:30:00+03:00", True),
        ("2026-08-19T04:30:00+03:00", False),
        ("2026-08-19T12:00:00", True),
        ("2026-08-02T12:00:00", True),
        ("yesterday", True),
    ],
)
def test_a_daily_reconciliation_compares_an_hour_beyond_its_days(created_at: str, compared: bool) -> None:  # noqa: FBT001
    assert is_due(listed(created_at), DAILY) is compared
    assert is_due(listed(created_at), BY_HAND), "and one by hand all rows"


@pytest.mark.parametrize(("days", "compared"), [(-1, True), (0, True), (1, True), (2, True), (3, False)])
def test_rows_of_the_last_days_are_compared_in_any_list(days: int, compared: bool) -> None:  # noqa: FBT001
    """Their payments may not have been listed yet, even if the gateway's times are wrong by hours."""
    created_at = (BEGUN - timedelta(days=days)).isoformat()
    assert is_due(listed(created_at), DAILY) is compared


def test_a_gateway_with_wrong_hours_hides_no_payment_from_the_last_days() -> None:
    """It writes local time as if it were UTC: the row of a payment of last night is dated today."""
    checkpoint: Checkpoint = new_daily_checkpoint((Span(date(2026, 11, 15), date(2026, 11, 21)),), live=False, at=BEGUN)
    for hours in (-12, -5, 2, 14):
        late = datetime(2026, 11, 21, 23, 50, tzinfo=UTC) + timedelta(hours=hours)
        assert is_due(listed(late.strftime("%Y-%m-%dT%H:%M:%SZ")), checkpoint)
