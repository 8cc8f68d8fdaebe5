"""The report: parts while the reconciliation goes on, then one JSON and one CSV made of them, a part at a time."""

import csv
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from payments.model.timestamps import iso
from payments.reconciliation.checkpoint import Checkpoint, ReportPlace
from payments.reconciliation.discrepancy import COLUMNS, Discrepancy
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
    """Meets the Reports port. Memory holds one part, or one line, whatever the reconciliation has found."""

    files: Files

    def write_part(self, checkpoint: Checkpoint, discrepancies: Sequence[Discrepancy]) -> None:
        """See `Reports.write_part`."""
        body = "".join(f"{_compact(discrepancy.line())}\n" for discrepancy in discrepancies)
        self.files.put(_part_key(checkpoint, checkpoint.parts), body.encode(), JSON_LINES)

    def put_together(self, checkpoint: Checkpoint) -> ReportPlace:
        """See `Reports.put_together`."""
        place = ReportPlace(f"reports/{_name(checkpoint)}.json", f"reports/{_name(checkpoint)}.csv")
        with tempfile.TemporaryDirectory() as room:
            whole, table = Path(room, "report.json"), Path(room, "report.csv")
            with whole.open("w", encoding="utf-8") as one, table.open("w", encoding="utf-8", newline="") as other:
                self._write(checkpoint, one, other)
            self.files.put_from(place.json, whole, JSON)
            self.files.put_from(place.csv, table, CSV)
        return place

    def _write(self, checkpoint: Checkpoint, whole: TextIO, table: TextIO) -> None:
        rows = csv.DictWriter(table, COLUMNS)
        rows.writeheader()
        whole.write(f'{_compact(head(checkpoint))[:-1]},\n"discrepancies": [')
        for nth, told in enumerate(self._discrepancies(checkpoint)):
            whole.write(f"{',' if nth else ''}\n{_compact(told)}")
            rows.writerow({name: cell(told[name]) for name in COLUMNS})
        whole.write("\n]}\n")

    def _discrepancies(self, checkpoint: Checkpoint) -> Iterator[dict[str, Any]]:
        for part in range(checkpoint.parts):
            for told in self.files.lines(_part_key(checkpoint, part)):
                yield json.loads(told)


def head(checkpoint: Checkpoint) -> dict[str, Any]:
    """All of a report but its discrepancies."""
    finished_at = checkpoint.finished_at
    return {
        "reconciliation": {
            "from": checkpoint.span.first.isoformat(),
            "to": checkpoint.span.last.isoformat(),
            "live": checkpoint.live,
            "started_at": iso(checkpoint.started_at),
            "finished_at": None if finished_at is None else iso(finished_at),
            "rows": checkpoint.rows,
            "listed_total": checkpoint.listed_total,
            "complete": checkpoint.doubt is None,
            "doubt": checkpoint.doubt,
        },
        "totals": lines_of_books(checkpoint.totals),
        "counts": dict(sorted(checkpoint.counts.items())),
    }


def cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    text = _SPLIT_OFF.sub(r"\1'", text)
    return f"'{text}" if _BEGINS_ONE.match(text) or (text and not text[0].isprintable()) else text


def _compact(told: object) -> str:
    return json.dumps(told, ensure_ascii=False)


def _part_key(checkpoint: Checkpoint, part: int) -> str:
    return f"parts/{_name(checkpoint)}/{part:05}.jsonl"


def _name(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.span}/{iso(checkpoint.started_at).replace(':', '-')}"
