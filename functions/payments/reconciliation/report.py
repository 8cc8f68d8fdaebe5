"""The report: parts are written while the reconciliation goes on, then assembled into one JSON and one CSV file.

A large report is uploaded in parts, one a step: neither the memory nor the disk of one call has to hold it, and a call
that is cut off is continued. Lines that do not fill a part of the upload yet are carried to the next step in a file.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from payments.errors import PaymentsError
from payments.model.timestamps import iso
from payments.reconciliation.assembly import Assembly, ReportPlace, Upload
from payments.reconciliation.checkpoint import Checkpoint
from payments.reconciliation.discrepancy import Discrepancy
from payments.reconciliation.other_channels import channels_report
from payments.reconciliation.report_lines import ReportLines
from payments.reconciliation.totals import totals_report

JSON_LINES: Final = "application/x-ndjson"
JSON: Final = "application/json"
CSV: Final = "text/csv; charset=utf-8"

MIN_PART_BYTES: Final = 5 * 1024 * 1024
"""S3 takes no smaller part of an upload, but for the last one."""

PARTS_A_STEP: Final = 200
"""Parts of the reconciliation that one step reads: some seconds, however small they are."""


class UploadGone(PaymentsError):
    """S3 has no such upload: it was completed by a call that was killed then, or it was given up after some days."""


class Files(Protocol):
    """A store of files by key. A file may be uploaded in parts, by several processes; it is there when it is whole."""

    def put(self, key: str, body: bytes | bytearray, content_type: str) -> None:
        """Writes a file, or replaces it."""

    def get(self, key: str) -> bytes:
        """A small file."""

    def lines(self, key: str) -> Iterator[bytes]:
        """The lines of a file, one at a time."""

    def begin(self, key: str, content_type: str) -> str:
        """Begins an upload in parts, and returns its id."""

    def put_part(self, key: str, upload: Upload, body: bytes | bytearray) -> Upload:
        """Uploads the next part, of at least MIN_PART_BYTES if it is not the last one. Raises UploadGone."""

    def finish(self, key: str, upload: Upload) -> None:
        """Makes the file of its parts, or replaces it. Raises UploadGone."""


@dataclass(frozen=True, slots=True)
class FileReports:
    """Meets the Reports port. Memory holds one part of the upload, however much the reconciliation has found."""

    files: Files
    part_bytes: int = MIN_PART_BYTES

    def write_part(self, checkpoint: Checkpoint, discrepancies: Sequence[Discrepancy]) -> None:
        """See `Reports.write_part`."""
        body = "".join(f"{_compact(discrepancy.as_dict())}\n" for discrepancy in discrepancies)
        self.files.put(_part_key(checkpoint, checkpoint.parts), body.encode(), JSON_LINES)

    def assemble(self, checkpoint: Checkpoint) -> ReportPlace | Assembly:
        """See `Reports.assemble`."""
        try:
            return self._assemble(checkpoint, checkpoint.assembly)
        except UploadGone:
            return Assembly()  # from the start: it writes the same two files

    def _assemble(self, checkpoint: Checkpoint, assembly: Assembly) -> ReportPlace | Assembly:
        place = ReportPlace(f"reports/{_name(checkpoint)}.json", f"reports/{_name(checkpoint)}.csv")
        lines = self._carried(checkpoint, assembly.read) if assembly.read else ReportLines.first(summary(checkpoint))
        read, until = assembly.read, min(assembly.read + PARTS_A_STEP, checkpoint.parts)
        while read < until and len(lines.json) < self.part_bytes:
            lines.add(self.files.lines(_part_key(checkpoint, read)))
            read += 1
        if read == checkpoint.parts:
            lines.end()
            self._finish(place.csv, assembly.csv, lines.csv, CSV)
            self._finish(place.json, assembly.json, lines.json, JSON)
            return place
        json_upload = self._upload(place.json, assembly.json, lines.json, JSON)
        csv_upload = self._upload(place.csv, assembly.csv, lines.csv, CSV)
        self.files.put(_carried_key(checkpoint, read, "json"), lines.json, JSON)
        self.files.put(_carried_key(checkpoint, read, "csv"), lines.csv, CSV)
        return Assembly(read, json_upload, csv_upload)

    def _carried(self, checkpoint: Checkpoint, read: int) -> ReportLines:
        """What the step before this one has not uploaded."""
        carried = (bytearray(self.files.get(_carried_key(checkpoint, read, form))) for form in ("json", "csv"))
        return ReportLines(*carried)

    def _upload(self, key: str, upload: Upload | None, body: bytearray, content_type: str) -> Upload | None:
        """The upload with what there is, if that is enough for a part of it; then nothing is left to carry."""
        if len(body) < self.part_bytes:
            return upload
        upload = self.files.put_part(key, upload or Upload(self.files.begin(key, content_type)), body)
        body.clear()
        return upload

    def _finish(self, key: str, upload: Upload | None, body: bytearray, content_type: str) -> None:
        """Writes the end of a file, or all of it if nothing was uploaded before."""
        if upload is None:
            self.files.put(key, body, content_type)
        else:
            self.files.finish(key, self.files.put_part(key, upload, body) if body else upload)


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
        "other_channels": channels_report(checkpoint.other_channels),
        "counts": dict(sorted(checkpoint.counts.items())),
    }


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _part_key(checkpoint: Checkpoint, part: int) -> str:
    return f"parts/{_name(checkpoint)}/{part:05}.jsonl"


def _carried_key(checkpoint: Checkpoint, read: int, form: str) -> str:
    return f"parts/{_name(checkpoint)}/carried-{read:05}.{form}"


def _name(checkpoint: Checkpoint) -> str:
    return f"{checkpoint.name}/{iso(checkpoint.started_at).replace(':', '-')}"
