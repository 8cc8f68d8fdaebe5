"""The report: parts are written while the reconciliation goes on, then assembled into one JSON and one CSV file."""

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
from payments.reconciliation.totals import totals_report

JSON_LINES: Final = "application/x-ndjson"
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"

_FORMULA_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_STARTS_FORMULA: Final = re.compile(f"[{_FORMULA_SIGNS}]")
_CELL_BREAK: Final = re.compile(f"([;|\\t\\r\\n] *)(?=[{_FORMULA_SIGNS}])")
"""Where a comma is the decimal mark, a spreadsheet splits rows at other characters, and ignores quotes around them."""


class Files(Protocol):
    """A store of files by key."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Writes a file, or replaces it."""

    def put_from(self, key: str, path: Path, content_type: str) -> None:
        """Uploads a local file, or replaces the stored one."""

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a file, one at a time."""


@dataclass(frozen=True, slots=True)
class FileReports:
    """Meets the Reports port. Memory holds one part, or one line of it, however much the reconciliation has found."""

    files: Files

    def write_part(self, checkpoint: Checkpoint, discrepancies: Sequence[Discrepancy]) -> None:
        """See `Reports.write_part`."""
        body = "".join(f"{_compact(discrepancy.as_dict())}\n" for discrepancy in discrepancies)
        self.files.put(_part_key(checkpoint, checkpoint.parts), body.encode(), JSON_LINES)

    def assemble(self, checkpoint: Checkpoint) -> ReportPlace:
        """See `Reports.assemble`."""
        place = ReportPlace(f"reports/{_name(checkpoint)}.json", f"reports/{_name(checkpoint)}.csv")
        with tempfile.TemporaryDirectory() as directory:
            json_path, csv_path = Path(directory, "report.json"), Path(directory, "report.csv")
            with (
                json_path.open("w", encoding="utf-8") as json_file,
                csv_path.open("w", encoding="utf-8", newline="") as csv_file,
            ):
                self._write(checkpoint, json_file, csv_file)
            self.files.put_from(place.json, json_path, JSON)
            self.files.put_from(place.csv, csv_path, CSV)
        return place

    def _write(self, checkpoint: Checkpoint, json_file: TextIO, csv_file: TextIO) -> None:
        rows = csv.DictWriter(csv_file, COLUMNS)
        rows.writeheader()
        json_file.write(f'{_compact(summary(checkpoint))[:-1]},\n"discrepancies": [')
        for number, line in enumerate(self._lines(checkpoint)):
            json_file.write(f"{',' if number else ''}\n{_compact(line)}")
            rows.writerow({name: csv_cell(line[name]) for name in COLUMNS})
        json_file.write("\n]}\n")

    def _lines(self, checkpoint: Checkpoint) -> Iterator[dict[str, Any]]:
        for part in range(checkpoint.parts):
            for line in self.files.lines(_part_key(checkpoint, part)):
                yield json.loads(line)


def summary(checkpoint: Checkpoint) -> dict[str, Any]:
    """The JSON report without its discrepancies."""
    finished_at = checkpoint.finished_at
    return {
        "reconciliation": {
            "from": min(span.first for span in checkpoint.compared).isoformat(),
            "to": max(span.last for span in checkpoint.compared).isoformat(),
            "days": [{"from": span.first.isoformat(), "to": span.last.isoformat()} for span in checkpoint.compared],
            "live": checkpoint.live,
            "started_at": iso(checkpoint.started_at),
            "finished_at": None if finished_at is None else iso(finished_at),
            "rows": checkpoint.rows_in_all,
            "listed_total": checkpoint.total_in_all,
            "complete": checkpoint.incomplete_because is None,
            "doubt": checkpoint.incomplete_because,
        },
        "totals": totals_report(checkpoint.totals),
        "counts": dict(sorted(checkpoint.counts.items())),
    }


def csv_cell(value: object) -> str:
    """The text of a CSV cell, changed so that no spreadsheet reads it as a formula."""
    text = "" if value is None else str(value)
    text = _CELL_BREAK.sub(r"\1'", text)
    return f"'{text}" if _STARTS_FORMULA.match(text) or (text and not text[0].isprintable()) else text


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _part_key(checkpoint: Checkpoint, part: int) -> str:
    return f"parts/{_name(checkpoint)}/{part:05}.jsonl"


def _name(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.name}/{iso(checkpoint.started_at).replace(':', '-')}"
