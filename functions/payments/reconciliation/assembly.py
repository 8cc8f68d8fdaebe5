"""Assembly: how much of a report is written, and where it is. A part of the checkpoint."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportPlace:
    """The keys of a report's two files in the bucket."""

    json: str
    csv: str


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is uploaded in parts. `tags`: S3's tag of each part so far, in order."""

    id: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assembly:
    """How much of the report is written.

    `read`: parts of the reconciliation that were read. Those of their lines that are not uploaded yet are in two files.
    `json`, `csv`: the uploads of the two forms; None while nothing is uploaded.
    """

    read: int = 0
    json: Upload | None = None
    csv: Upload | None = None
