"""The lines of the report as JSON and as CSV. No cell makes a spreadsheet run a formula."""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from payments.reconciliation.discrepancy import COLUMNS

_FORMULA_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_STARTS_FORMULA: Final = re.compile(f"[{_FORMULA_SIGNS}]")
_CELL_BREAK: Final = re.compile(f"([;|\\t\\r\\n] *)(?=[{_FORMULA_SIGNS}])")
"""Where a comma is the decimal mark, a spreadsheet splits rows at other characters, and ignores quotes around them."""


class ReportLines:
    """Lines of the report in its two forms, as they are uploaded. They may be cleared between two additions."""

    def __init__(self, json_form: bytearray, csv_form: bytearray) -> None:
        self.json, self.csv = json_form, csv_form
        self._rows = csv.DictWriter(_Utf8(csv_form), COLUMNS)
        self._separator = b",\n"

    @classmethod
    def first(cls, head: Mapping[str, Any]) -> Self:
        """The beginning of the report: the head of the JSON file, the names of the CSV's columns, and no line."""
        lines = cls(
            bytearray(f'{json.dumps(head, ensure_ascii=False)[:-1]},\n"discrepancies": ['.encode()), bytearray()
        )
        lines._rows.writeheader()
        lines._separator = b"\n"
        return lines

    def add(self, lines: Iterable[bytes]) -> None:
        """Adds some lines, given as JSON."""
        for line in lines:
            self.json += self._separator
            self.json += line.rstrip(b"\n")
            self._separator = b",\n"
            found = json.loads(line)
            self._rows.writerow({name: csv_cell(found[name]) for name in COLUMNS})

    def end(self) -> None:
        """Ends the JSON file."""
        self.json += b"\n]}\n"


class _Utf8:
    """What a CSV writer writes to."""

    def __init__(self, body: bytearray) -> None:
        self._body = body

    def write(self, text: str) -> None:
        """Adds some text."""
        self._body += text.encode()


def csv_cell(value: object) -> str:
    """The text of a CSV cell, changed so that no spreadsheet reads it as a formula."""
    text = "" if value is None else str(value)
    text = _CELL_BREAK.sub(r"\1'", text)
    return f"'{text}" if _STARTS_FORMULA.match(text) or (text and not text[0].isprintable()) else text
