"""A hundred thousand transactions in one day: the reconciliation finishes, and memory does not grow with them."""

import gc
import json
import shutil
import sys
import tracemalloc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from payments.gateway.transaction_list import row_of
from payments.model.payment import Payment
from payments.model.status import Status
from payments.reconciliation.assembly import Upload
from payments.reconciliation.matching import IndexedPayment
from payments.reconciliation.report import FileReports
from payments.reconciliation.run import Deadlines, ReconciliationRun, RunResult
from payments.reconciliation.transaction_list import Page, Span
from tests.fakes import samples
from tests.fakes.checkpoints import InMemoryCheckpoints
from tests.fakes.clock import START, SettableClock
from tests.fakes.gateway import ScriptedGateway
from tests.fakes.telemetry import RecordingTelemetry
from tests.fakes.transaction_list import LATER, MINOR, row
from tests.payments.reconciliation.reconciler import NEXT_DAY, SPAN

ROWS = 100_000
PAGE = 500
DIFFERING_EVERY = 20
"""Every twentieth row has a discrepancy: 5,000 lines of report."""

MOST_BYTES = 8_000_000
"""The most memory that the reconciliation may hold: a page, its payments and its discrepancies."""

MOST_BLOCKS = 2_000
"""Python objects that two hundred pages may leave behind. A page alone has five hundred rows."""

FAILED = samples.payment().transition_to(Status.FAILED, at=START, source="answer", evidence={})


class LongList:
    """A list that makes each page when it is read."""

    def page(self, span: Span, cursor: str | None, seconds: float) -> Page:
        """See `TransactionList.page`."""
        first = int(cursor or 0)
        after = min(first + PAGE, ROWS)
        rows = [
            row_of(
                row("FAILED" if n % DIFFERING_EVERY else "BLOCKED", transaction_id=f"PA{n}", order_id=f"order-{n}"),
                MINOR,
                LATER,
            )
            for n in range(first, after)
        ]
        return Page(rows, after < ROWS, str(after), ROWS)


class VastLedger:
    """A table with a payment for every order, made when it is read. Nothing may be written."""

    def sent_under(
        self, wire_order_ids: Iterable[str], *, live: bool, consistent: bool = True
    ) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.sent_under`."""
        return {sent_as: IndexedPayment(self._payment(sent_as), is_unlisted=False) for sent_as in wire_order_ids}

    def standing(self, payment_ids: Iterable[str], *, consistent: bool = True) -> Mapping[str, IndexedPayment]:
        """See `MatchingLedger.standing`."""
        assert not list(payment_ids)
        return {}

    def unlisted(self, span: Span, place: str | None, *, live: bool) -> tuple[Sequence[Payment], str | None]:
        """See `ReconciliationLedger.unlisted`."""
        return [], None

    def cross_off(self, payment_ids: Iterable[str]) -> None:
        """See `ReconciliationLedger.cross_off`."""
        assert not list(payment_ids)

    def claim(self, payment: Payment, order: object) -> Payment | None:
        """See `ClaimLedger.claim`."""
        raise AssertionError("every order has its payment")

    def save(self, before: Payment, after: Payment) -> Payment:
        """See `ClaimLedger.save`."""
        raise AssertionError("nothing is news")

    def _payment(self, sent_as: str) -> Payment:
        nth = sent_as.removeprefix("order-")
        return replace(FAILED, id=f"pay_{nth:0>26}", order_id=sent_as, transaction_id=f"PA{nth}")


class Directory:
    """Files on the disk, as the memory is measured."""

    def __init__(self, room: Path) -> None:
        self.room = room

    def put(self, key: str, body: bytes | bytearray, content_type: str) -> None:
        """See `Files.put`."""
        path = self.room / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def get(self, key: str) -> bytes:
        """See `Files.get`."""
        return (self.room / key).read_bytes()

    def lines(self, key: str) -> Iterator[bytes]:
        """See `Files.lines`."""
        with (self.room / key).open("rb") as file:
            yield from file

    def begin(self, key: str, content_type: str) -> str:
        """See `Files.begin`."""
        upload_id = key.replace("/", "-")
        (self.room / upload_id).mkdir()
        return upload_id

    def put_part(self, key: str, upload: Upload, body: bytes | bytearray) -> Upload:
        """See `Files.put_part`."""
        number = len(upload.tags) + 1
        (self.room / upload.id / f"{number}").write_bytes(body)
        return replace(upload, tags=(*upload.tags, f"{number}"))

    def finish(self, key: str, upload: Upload) -> None:
        """See `Files.finish`."""
        target = self.room / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as whole:
            for tag in upload.tags:
                with (self.room / upload.id / tag).open("rb") as part:
                    shutil.copyfileobj(part, whole)


class Watched:
    """The memory at each checkpoint: its peak at the first and the last pages, and what the pages between left behind.

    Tracing every page would take a minute.
    """

    def __init__(self) -> None:
        self.heights: list[int] = []
        self.blocks: list[int] = []
        self._pages = 0

    def look(self, _: object) -> None:
        """Measures at a checkpoint."""
        self._pages += 1
        if tracemalloc.is_tracing():
            self.heights.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        if self._pages in (10, ROWS // PAGE - 10):
            gc.collect()
            self.blocks.append(sys.getallocatedblocks())
        if self._pages < 10 or self._pages > ROWS // PAGE - 10:
            tracemalloc.start()


def reconciled_and_watched(folder: Path) -> tuple[RunResult, Watched]:
    """The reconciliation of the whole list, with its reports in the folder."""
    reconciliation = ReconciliationRun(
        listing=LongList(),
        gateway=ScriptedGateway(),
        ledger=VastLedger(),
        checkpoints=InMemoryCheckpoints(),
        reports=FileReports(Directory(folder)),
        clock=SettableClock(NEXT_DAY),
        telemetry=RecordingTelemetry(),
    )
    watched = Watched()
    try:
        return reconciliation.run(SPAN, Deadlines(lambda: 900.0, lambda: 900.0), on_checkpoint=watched.look), watched
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_hundred_thousand_rows_take_the_memory_of_one_page(tmp_path: Path) -> None:
    # In a process of its own: objects of pytest's other threads would count as well.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        reconciled, watched = process.submit(reconciled_and_watched, tmp_path).result()

    assert reconciled.state == "finished"
    assert reconciled.checkpoint is not None
    assert (reconciled.checkpoint.rows, reconciled.checkpoint.counts) == (
        ROWS,
        {"status_differs": ROWS // DIFFERING_EVERY},
    )
    assert max(watched.heights) < MOST_BYTES, f"{max(watched.heights) / 1e6:.1f} MB"
    grown = watched.blocks[-1] - watched.blocks[0]
    assert grown < MOST_BLOCKS, f"{grown} objects more after the last page than after the tenth"
    assert reconciled.checkpoint.report is not None
    report: dict[str, Any] = json.loads((tmp_path / reconciled.checkpoint.report.json).read_text())
    assert len(report["discrepancies"]) == ROWS // DIFFERING_EVERY
