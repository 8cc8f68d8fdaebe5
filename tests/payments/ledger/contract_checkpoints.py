"""The contract of the checkpoint store: a checkpoint is read back unchanged, and one call at a time has its lease."""

import threading
from datetime import date, timedelta

from payments.model.money import EXPONENTS
from payments.reconciliation.assembly import Assembly, ReportPlace, Upload
from payments.reconciliation.checkpoint import (
    Checkpoint,
    CheckpointStore,
    Tally,
    new_checkpoint,
    new_daily_checkpoint,
)
from payments.reconciliation.other_channels import ChannelTotals
from payments.reconciliation.pagination import REMEMBERED
from payments.reconciliation.totals import CurrencyTotals, Totals
from payments.reconciliation.transaction_list import Span
from tests.fakes.clock import START

SPAN = Span(date(2026, 11, 1), date(2026, 11, 15))
OLDER = Span(date(2026, 8, 1), date(2026, 8, 16))
FRESH = new_daily_checkpoint((SPAN, OLDER), live=True, at=START)
BY_HAND = new_checkpoint(SPAN, live=True, at=START)
UNTIL = START + timedelta(minutes=5)
FULL = Checkpoint(
    span=OLDER,
    spans=(SPAN, OLDER),
    before=Tally(500, 501, 3, {"orphan": 1}, {"GBP": CurrencyTotals(Totals(1, 2, 3, 4))}, {}, "no rows"),
    live=True,
    started_at=START + timedelta(milliseconds=7),
    since=START - timedelta(days=1),
    daily=True,
    previous=date(2026, 11, 14),
    left_open=(date(2026, 8, 3), date(2026, 11, 2)),
    phase="done",
    cursor="eyJhIjoxfQ==",
    cycle_marker="eyJhIjowfQ==",
    pages=12,
    restarts=2,
    rows=100_000,
    listed_total=100_001,
    parts=7,
    contradictions=99,
    counts={"orphan": 3, "charged_back": 1},
    totals={"GBP": CurrencyTotals(Totals(9, 900, 100, 50), Totals(8, 800, 100, 0)), "JPY": CurrencyTotals()},
    other_channels={("transaction_type=A b#=c", "GBP"): ChannelTotals(3, Totals(2, 200, 100, 0))},
    to_cross_off=("pay_a", "pay_b"),
    recent_rows=("0" * 24, "1" * 24),
    incomplete_because="no rows",
    finished_at=START + timedelta(hours=1),
    assembly=Assembly(3, json=Upload("upload-1", ('"tag-1"', '"tag-2"')), csv=Upload("upload-2")),
    report=ReportPlace("reports/a.json", "reports/a.csv"),
)


class CheckpointContract:
    def test_the_first_call_starts_a_new_reconciliation(self, checkpoints: CheckpointStore) -> None:
        assert checkpoints.take(FRESH, "me", START, UNTIL) == FRESH

    def test_every_field_of_a_checkpoint_is_read_back_unchanged(self, checkpoints: CheckpointStore) -> None:
        checkpoints.take(FRESH, "me", START, UNTIL)
        assert checkpoints.save(FULL, "me", UNTIL)
        checkpoints.give_back(FULL, "me")
        assert checkpoints.take(FRESH, "you", START, UNTIL) == FULL

    def test_a_field_that_becomes_none_is_removed_from_the_checkpoint(self, checkpoints: CheckpointStore) -> None:
        checkpoints.take(FRESH, "me", START, UNTIL)
        checkpoints.save(FULL, "me", UNTIL)
        checkpoints.save(FRESH, "me", UNTIL)
        assert checkpoints.take(FULL, "you", UNTIL, UNTIL + timedelta(hours=1)) == FRESH

    def test_another_call_gets_the_reconciliation_only_after_the_lease(self, checkpoints: CheckpointStore) -> None:
        checkpoints.take(FRESH, "me", START, UNTIL)
        assert checkpoints.take(FRESH, "you", UNTIL - timedelta(milliseconds=1), UNTIL) is None
        assert checkpoints.take(FRESH, "you", UNTIL, UNTIL + timedelta(minutes=5)) == FRESH

    def test_saving_a_checkpoint_renews_the_lease(self, checkpoints: CheckpointStore) -> None:
        checkpoints.take(FRESH, "me", START, UNTIL)
        checkpoints.save(FRESH, "me", UNTIL + timedelta(minutes=1))
        assert checkpoints.take(FRESH, "you", UNTIL, UNTIL + timedelta(minutes=5)) is None

    def test_a_call_that_lost_the_lease_writes_nothing(self, checkpoints: CheckpointStore) -> None:
        checkpoints.take(FRESH, "me", START, UNTIL)
        checkpoints.take(FRESH, "you", UNTIL, UNTIL + timedelta(minutes=5))
        assert not checkpoints.save(FULL, "me", UNTIL)
        checkpoints.give_back(FULL, "me")
        assert checkpoints.take(FRESH, "third", UNTIL, UNTIL) is None, "a call that lost the lease must not release it"
        assert checkpoints.save(FRESH, "you", UNTIL)

    def test_after_a_release_a_new_lease_is_needed_to_write(self, checkpoints: CheckpointStore) -> None:
        checkpoints.take(FRESH, "me", START, UNTIL)
        checkpoints.give_back(FRESH, "me")
        assert not checkpoints.save(FULL, "me", UNTIL)

    def test_saving_or_releasing_without_a_lease_creates_nothing(self, checkpoints: CheckpointStore) -> None:
        assert not checkpoints.save(FULL, "me", UNTIL)
        checkpoints.give_back(FULL, "me")
        assert checkpoints.take(FRESH, "me", START, UNTIL) == FRESH

    def test_each_span_has_its_own_checkpoint(self, checkpoints: CheckpointStore) -> None:
        other = new_checkpoint(Span(date(2026, 11, 1), date(2026, 11, 16)), live=True, at=START)
        assert checkpoints.take(BY_HAND, "me", START, UNTIL) == BY_HAND
        assert checkpoints.take(other, "you", START, UNTIL) == other

    def test_the_daily_reconciliation_has_one_checkpoint_whatever_its_days(self, checkpoints: CheckpointStore) -> None:
        tomorrow = new_daily_checkpoint((Span(date(2026, 11, 9), date(2026, 11, 16)),), live=True, at=UNTIL)
        assert checkpoints.take(BY_HAND, "me", START, UNTIL) == BY_HAND
        assert checkpoints.take(FRESH, "you", START, UNTIL) == FRESH, "one by hand does not hold it"
        assert checkpoints.take(tomorrow, "third", START, UNTIL) is None
        assert checkpoints.take(tomorrow, "third", UNTIL, UNTIL) == FRESH

    def test_of_many_concurrent_calls_one_gets_the_lease(self, checkpoints: CheckpointStore) -> None:
        got: list[Checkpoint | None] = []
        callers = [
            threading.Thread(target=lambda n=n: got.append(checkpoints.take(FRESH, f"call-{n}", START, UNTIL)))
            for n in range(8)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert got.count(None) == 7

    def test_a_checkpoint_has_room_for_every_currency(self, checkpoints: CheckpointStore) -> None:
        most = Totals(10**9, 10**18, 10**18, 10**18)
        full = FULL.__class__(
            span=SPAN,
            daily=True,
            live=False,
            started_at=START,
            since=START,
            before=Tally(totals=dict.fromkeys(EXPONENTS, CurrencyTotals(most, most))),
            left_open=tuple(START.date() - timedelta(days=n) for n in range(366)),
            totals=dict.fromkeys(EXPONENTS, CurrencyTotals(most, most)),
            cursor="c" * 2048,
            recent_rows=("f" * 24,) * REMEMBERED,
        )
        checkpoints.take(FRESH, "me", START, UNTIL)
        assert checkpoints.save(full, "me", UNTIL)
        assert checkpoints.take(FRESH, "you", UNTIL, UNTIL) == full

    def test_the_reported_time_is_none_until_it_is_noted(self, checkpoints: CheckpointStore) -> None:
        assert checkpoints.reported_until() is None
        checkpoints.note_reported(START)
        assert checkpoints.reported_until() == START

    def test_the_reported_time_never_goes_back(self, checkpoints: CheckpointStore) -> None:
        for at in (START, UNTIL, START):
            checkpoints.note_reported(at)
        assert checkpoints.reported_until() == UNTIL
