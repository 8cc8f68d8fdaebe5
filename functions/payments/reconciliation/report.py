"""The report: parts while the sweep goes on, then one JSON and one CSV made of them, a part at a time."""

import csv
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from payments.model.timestamps import iso
from payments.reconciliation.checkpoint import Progress, ReportPlace
from payments.reconciliation.discrepancy import COLUMNS, Finding
from payments.reconciliation.totals import lines as lines_of_books

JSON_LINES: Final = "application/x-ndjson"
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"

_FORMULA: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_BEGINS_ONE: Final = re.compile(f"[{_FORMULA}]")
_SPLIT_OFF: Final = re.compile(f"([;|\\t\\r\\n] *)(?=[{_FORMULA}])")
"""Where commas stand in numbers, a spreadsheet splits rows at other marks, and knows no quotes around them."""


class Files(Protocol):
    """A place for files, by key."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Writes a file, or writes it anew."""

    def put_from(self, key: str, path: Path, content_type: str) -> None:
        """Writes a file out of one on this machine."""

    def lines(self, key: str) -> Iterator[bytes]:
        """A file line by line."""


@dataclass(frozen=True, slots=True)
class FileReports:
    """Meets the Reports port. Memory holds one part, or one line, whatever the sweep has found."""

    files: Files

    def write_part(self, progress: Progress, findings: Sequence[Finding]) -> None:
        """See `Reports.write_part`."""
        body = "".join(f"{_compact(finding.line())}\n" for finding in findings)
        self.files.put(_part_key(progress, progress.parts), body.encode(), JSON_LINES)

    def put_together(self, progress: Progress) -> ReportPlace:
        """See `Reports.put_together`."""
        place = ReportPlace(f"reports/{_name(progress)}.json", f"reports/{_name(progress)}.csv")
        with tempfile.TemporaryDirectory() as room:
            whole, table = Path(room, "report.json"), Path(room, "report.csv")
            with whole.open("w", encoding="utf-8") as one, table.open("w", encoding="utf-8", newline="") as other:
                self._write(progress, one, other)
            self.files.put_from(place.json, whole, JSON)
            self.files.put_from(place.csv, table, CSV)
        return place

    def _write(self, progress: Progress, whole: TextIO, table: TextIO) -> None:
        rows = csv.DictWriter(table, COLUMNS)
        rows.writeheader()
        whole.write(f'{_compact(head(progress))[:-1]},\n"findings": [')
        for nth, told in enumerate(self._findings(progress)):
            whole.write(f"{',' if nth else ''}\n{_compact(told)}")
            rows.writerow({name: cell(told[name]) for name in COLUMNS})
        whole.write("\n]}\n")

    def _findings(self, progress: Progress) -> Iterator[dict[str, Any]]:
        for part in range(progress.parts):
            for told in self.files.lines(_part_key(progress, part)):
                yield json.loads(told)


def head(progress: Progress) -> dict[str, Any]:
    """All of a report but its findings."""
    finished_at = progress.finished_at
    return {
        "sweep": {
            "from": progress.span.first.isoformat(),
            "to": progress.span.last.isoformat(),
            "live": progress.live,
            "started_at": iso(progress.started_at),
            "finished_at": None if finished_at is None else iso(finished_at),
            "rows": progress.rows,
            "listed_total": progress.listed_total,
            "complete": progress.doubt is None,
            "doubt": progress.doubt,
        },
        "books": lines_of_books(progress.books),
        "counts": dict(sorted(progress.counts.items())),
    }


def cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    text = _SPLIT_OFF.sub(r"\1'", text)
    return f"'{text}" if _BEGINS_ONE.match(text) or (text and not text[0].isprintable()) else text


def _compact(told: object) -> str:
    return json.dumps(told, ensure_ascii=False)


def _part_key(progress: Progress, part: int) -> str:
    return f"parts/{_name(progress)}/{part:05}.jsonl"


def _name(progress: Progress) -> str:
    return f"{progress.span}/{iso(progress.started_at).replace(':', '-')}"
