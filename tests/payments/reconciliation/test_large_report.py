"""A large report is uploaded in parts, over many steps and calls. However it is cut off, the two files are the same."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from payments.model.timestamps import iso
from payments.reconciliation.assembly import Assembly, ReportPlace
from payments.reconciliation.checkpoint import Checkpoint, new_checkpoint
from payments.reconciliation.discrepancy import Discrepancy
from payments.reconciliation.report import PARTS_A_STEP, FileReports
from tests.fakes.clock import START
from tests.fakes.crashing_ledger import Crash, CrashingProxy, CrashPoint
from tests.fakes.files import InMemoryFiles
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import PLENTY, SPAN, Reconciler
from tests.payments.reconciliation.test_scale import Directory

SMALL = 600
"""The least size of a part in these tests, instead of S3's five megabytes: two or three lines."""

LINE = Discrepancy(discrepancy="orphan", action="needs_review", transaction_id="PA1", order_id='a "quoted", order\né')
COMPARED = replace(new_checkpoint(SPAN, live=True, at=START), finished_at=START)


def lines(count: int, first: int = 0) -> list[Discrepancy]:
    return [replace(LINE, transaction_id=f"PA{n}") for n in range(first, first + count)]


def stored(files: Any, parts: Sequence[Sequence[Discrepancy]]) -> Checkpoint:
    """The checkpoint of a reconciliation that has written these parts."""
    for nth, part in enumerate(parts):
        FileReports(files).write_part(replace(COMPARED, parts=nth), part)
    return replace(COMPARED, parts=len(parts))


def steps(files: Any, checkpoint: Checkpoint) -> Iterator[Assembly | ReportPlace]:
    """The results of the steps, until the report is written."""
    for _ in range(500):
        result = FileReports(files, SMALL).assemble(checkpoint)
        yield result
        if isinstance(result, ReportPlace):
            return
        checkpoint = replace(checkpoint, assembly=result)
    raise AssertionError("the report does not end")


def report(files: InMemoryFiles) -> tuple[bytes, bytes]:
    (json_key,) = [key for key in files.files if key.startswith("reports/") and key.endswith(".json")]
    return files.files[json_key], files.files[json_key.removesuffix("json") + "csv"]


def at_once(parts: Sequence[Sequence[Discrepancy]]) -> tuple[bytes, bytes]:
    """The report of the same parts in one step."""
    files = InMemoryFiles()
    whole = stored(files, [[line for part in parts for line in part]])
    assert isinstance(FileReports(files).assemble(whole), ReportPlace)
    return report(files)


PARTS: dict[str, list[list[Discrepancy]]] = {
    "parts of many lines": [lines(9, 9 * n) for n in range(4)],
    "parts of one line": [lines(1, n) for n in range(30)],
    "more parts than a step reads": [lines(1, n) for n in range(PARTS_A_STEP + 7)],
    "one part": [lines(40)],
    "a short end": [*[lines(9, 9 * n) for n in range(2)], lines(1, 99)],
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_in_pieces_it_is_the_same_report(parts: list[list[Discrepancy]]) -> None:
    files = InMemoryFiles(SMALL)
    results = list(steps(files, stored(files, parts)))
    assert report(files) == at_once(parts)
    assert len(results) > 1 or len(parts) == 1
    ids = [each["transaction_id"] for each in json.loads(report(files)[0])["discrepancies"]]
    assert ids == [line.transaction_id for part in parts for line in part]
    rows = list(csv.DictReader(io.StringIO(report(files)[1].decode(), newline="")))
    assert [each["transaction_id"] for each in rows] == ids
    assert files.uploads == {}, "every upload is finished"


def test_a_step_reads_a_few_parts_and_carries_what_is_too_little_for_an_upload() -> None:
    files = InMemoryFiles()
    checkpoint = stored(files, [lines(1, n) for n in range(PARTS_A_STEP + 1)])
    assert FileReports(files).assemble(checkpoint) == Assembly(PARTS_A_STEP)
    assert not [key for key in files.files if key.startswith("reports/")]


@pytest.mark.parametrize("parts", [PARTS["parts of many lines"], PARTS["a short end"]], ids=["many", "short"])
def test_killed_at_any_step_it_is_the_same_report(parts: list[list[Discrepancy]]) -> None:
    """The next call has the checkpoint from before the step that was killed."""
    counted = CrashPoint()
    files = InMemoryFiles(SMALL)
    list(steps(CrashingProxy(files, counted), stored(files, parts)))
    for dies_at in range(len(counted.steps)):
        files = InMemoryFiles(SMALL)
        checkpoint = stored(files, parts)
        proxy = CrashingProxy(files, CrashPoint(dies_at))
        saved = Assembly()
        with suppress(Crash):
            for result in steps(proxy, checkpoint):
                saved = result if isinstance(result, Assembly) else saved
        list(steps(files, replace(checkpoint, assembly=saved)))
        assert report(files) == at_once(parts), dies_at


def test_an_upload_that_s3_has_given_up_is_begun_again() -> None:
    files = InMemoryFiles(SMALL)
    parts = PARTS["parts of many lines"]
    checkpoint = stored(files, parts)
    first = FileReports(files, SMALL).assemble(checkpoint)
    assert isinstance(first, Assembly)
    assert first.json is not None
    files.uploads.clear()
    again = FileReports(files, SMALL).assemble(replace(checkpoint, assembly=first))
    assert again == Assembly()
    list(steps(files, checkpoint))
    assert report(files) == at_once(parts)


def test_a_report_without_lines_is_written_at_once() -> None:
    files = InMemoryFiles()
    (place,) = steps(files, COMPARED)
    assert isinstance(place, ReportPlace)
    assert json.loads(report(files)[0])["discrepancies"] == []


MANY = 50_000
"""Lines of a report of some 23 MB."""

MOST_BYTES = 16_000_000
"""The most memory for one part of an upload, in both forms."""


@pytest.mark.slow
def test_a_report_of_any_length_takes_the_memory_of_one_part(tmp_path: Path) -> None:
    files = Directory(tmp_path)
    checkpoint = stored(files, [lines(500, 500 * n) for n in range(MANY // 500)])
    heights: list[int] = []
    while not isinstance(result := measured(files, checkpoint, heights), ReportPlace):
        checkpoint = replace(checkpoint, assembly=result)
    assert max(heights) < MOST_BYTES, f"{max(heights) / 1e6:.1f} MB"
    assert len(heights) > 2
    assert (tmp_path / result.json).stat().st_size > MOST_BYTES, "the test needs a longer report"
    with (tmp_path / result.csv).open(newline="") as rows:
        assert sum(1 for _ in csv.DictReader(rows)) == MANY


def measured(files: Directory, checkpoint: Checkpoint, heights: list[int]) -> Assembly | ReportPlace:
    """One step, and the peak of its memory."""
    tracemalloc.start()
    try:
        return FileReports(files).assemble(checkpoint)
    finally:
        heights.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


def test_a_call_that_ends_within_the_report_is_continued_and_its_time_stays() -> None:
    reconciler = Reconciler(page_size=1)
    reconciler.listing.rows = [
        row("FAILED", transaction_id=f"PA{n}", order_id=None) for n in range(PARTS_A_STEP + 5)
    ]  # a line a page
    cut_off: list[str] = []

    def one_file_of_the_report() -> float:
        """Time until the first step of the report is done."""
        cut_off.extend(key for key in reconciler.files.files if "carried" in key and key not in cut_off)
        return 59.0 if cut_off else PLENTY

    first = reconciler.run(one_file_of_the_report)
    assert (first["state"], first["report"]) == ("unfinished", None)
    compared_at = reconciler.clock()
    last = reconciler.run()
    assert (last["state"], last["discrepancies"]) == ("finished", {"orphan": PARTS_A_STEP + 5})
    found = reconciler.report()
    assert len(found["discrepancies"]) == PARTS_A_STEP + 5
    assert found["reconciliation"]["finished_at"] == iso(compared_at)
    kept = reconciler.checkpoints.kept[str(SPAN)].checkpoint
    assert (kept.finished_at, kept.assembly) == (compared_at, Assembly()), "the next daily report begins there"
