"""The report: two files with the same content, and nothing in them that a spreadsheet would run."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from payments.reconciliation.assembly import ReportPlace
from payments.reconciliation.checkpoint import Checkpoint, new_checkpoint
from payments.reconciliation.discrepancy import COLUMNS, NOTES, Discrepancy
from payments.reconciliation.other_channels import ChannelTotals
from payments.reconciliation.report import FileReports
from payments.reconciliation.report_lines import csv_cell
from payments.reconciliation.totals import CurrencyTotals, Totals
from tests.fakes.clock import START
from tests.fakes.files import InMemoryFiles
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import SPAN, Reconciler

CARD = "4111111111111111"
ONE = Discrepancy(
    discrepancy="orphan", action="needs_review", transaction_id="PA1", amount_gateway=100, suspicious_at=START
)
PROGRESS = replace(
    new_checkpoint(SPAN, live=True, at=START),
    rows=7,
    listed_total=8,
    counts={"orphan": 2, "charged_back": 1},
    totals={"GBP": CurrencyTotals(Totals(2, 200, 0, 0), Totals(1, 100, 0, 0))},
    other_channels={("transaction_type=LINK", "GBP"): ChannelTotals(3, Totals(2, 300, 100, 0))},
    finished_at=START,
)


@pytest.fixture
def files() -> InMemoryFiles:
    return InMemoryFiles()


def written(files: InMemoryFiles, *parts: list[Discrepancy], checkpoint: Checkpoint = PROGRESS) -> tuple[Any, str]:
    """The report of some parts: its JSON, and its CSV as text."""
    reports = FileReports(files)
    for nth, part in enumerate(parts):
        reports.write_part(replace(checkpoint, parts=nth), part)
    place = reports.assemble(replace(checkpoint, parts=len(parts)))
    assert isinstance(place, ReportPlace)
    return json.loads(files.files[place.json]), files.files[place.csv].decode()


def test_the_json_has_reconciliation_totals_counts_and_discrepancies(files: InMemoryFiles) -> None:
    report, _ = written(files, [ONE], [ONE, replace(ONE, transaction_id="PA2")])
    assert list(report) == ["reconciliation", "totals", "other_channels", "counts", "discrepancies"]
    assert report["reconciliation"] == {
        "from": "2027-01-31",
        "to": "2027-01-31",
        "days": [{"from": "2027-01-31", "to": "2027-01-31"}],
        "live": True,
        "started_at": "2027-01-31T09:30:00.000Z",
        "finished_at": "2027-01-31T09:30:00.000Z",
        "rows": 7,
        "listed_total": 8,
        "complete": True,
        "doubt": None,
    }
    assert report["other_channels"] == [
        {
            "channel": "transaction_type=LINK",
            "currency": "GBP",
            "transactions": 3,
            "payments": 2,
            "amount": 300,
            "refunded": 100,
            "charged_back": 0,
        }
    ]
    assert report["counts"] == {"charged_back": 1, "orphan": 2}
    assert report["totals"][0]["difference"] == {"payments": 1, "amount": 100, "refunded": 0, "charged_back": 0}
    assert [each["transaction_id"] for each in report["discrepancies"]] == ["PA1", "PA1", "PA2"]
    assert tuple(report["discrepancies"][0]) == COLUMNS


def test_the_csv_has_the_same_lines_under_the_same_names(files: InMemoryFiles) -> None:
    report, text = written(files, [ONE], [replace(ONE, transaction_id="PA2", order_id='a,"b"\nc')])
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(rows[0]) == COLUMNS
    expected = [{k: "" if v is None else str(v) for k, v in each.items()} for each in report["discrepancies"]]
    assert rows == expected


def test_a_text_that_is_not_ascii_is_written_as_it_is(files: InMemoryFiles) -> None:
    """A person reads the files, and searches them."""
    written(files, [replace(ONE, status_gateway="Zurückgebucht")])
    assert [key for key, body in files.files.items() if "Zurückgebucht" not in body.decode()] == []


def test_without_discrepancies_both_files_are_empty(files: InMemoryFiles) -> None:
    report, text = written(files)
    assert report["discrepancies"] == []
    assert text == ",".join(COLUMNS) + "\r\n"


def test_both_files_are_named_after_span_and_start(files: InMemoryFiles) -> None:
    written(files, [ONE])
    assert files.types == {
        "parts/2027-01-31_2027-01-31/2027-01-31T09-30-00.000Z/00000.jsonl": "application/x-ndjson",
        "reports/2027-01-31_2027-01-31/2027-01-31T09-30-00.000Z.json": "application/json",
        "reports/2027-01-31_2027-01-31/2027-01-31T09-30-00.000Z.csv": "text/csv; charset=utf-8",
    }


def test_a_part_left_by_a_restarted_list_is_not_in_the_report(files: InMemoryFiles) -> None:
    reports = FileReports(files)
    for nth in range(3):
        reports.write_part(replace(PROGRESS, parts=nth), [ONE])
    place = reports.assemble(replace(PROGRESS, parts=1))
    assert isinstance(place, ReportPlace)
    assert len(json.loads(files.files[place.json])["discrepancies"]) == 1


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\x00", "\x1b", "\ufeff=1", "\uff1d1+1", "\uff20SUM(A1)"]
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize("mark", [";", "; ", "\t", "|", "\n", "\r\n"])
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1"])
def test_no_part_of_a_cell_split_at_another_separator_is_a_formula(mark: str, formula: str) -> None:
    assert csv_cell(f"a{mark}{formula}") == f"a{mark}'{formula}"
    assert f"{mark}'{formula}" in csv_cell(f"{mark}{formula}")


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("", ""), (0, "0"), (100, "100"), ("PA1", "PA1"), ("a=b", "a=b")]
)
def test_other_cells_are_as_they_are(value: object, text: str) -> None:
    assert csv_cell(value) == text


def test_a_row_that_cannot_be_read_is_named_with_its_fault() -> None:
    reconciler = Reconciler(row(transaction_id="PA7", refund_date="-"))
    reconciler.run()
    (line,) = reconciler.report()["discrepancies"]
    assert line["transaction_id"] == "PA7"
    assert re.fullmatch(re.escape(NOTES["unreadable_row"]) + r" \(.+\)", line["note"])


def test_every_kind_has_a_note() -> None:
    assert all(NOTES[kind].endswith(".") for kind in NOTES)
    assert len(set(NOTES.values())) == len(NOTES)


HOSTILE: list[dict[str, Any]] = [
    {"transaction_id": "-PA1", "order_id": '=HYPERLINK("http://evil.example","x")'},
    {"transaction_id": "_PA2", "order_id": "@SUM(1)\r\n=1+1"},
    {"transaction_id": "PA3", "order_id": CARD},
    {"transaction_id": "PA4", "order_id": f"card-{CARD}"},
    {"transaction_id": "PA5", "order_id": "4111 1111 1111 1111"},
    {"transaction_id": "PA6", "status": CARD},
    {"transaction_id": "PA7", "status": f"=cmd|{CARD}"},
    {"transaction_id": CARD},
    {"transaction_id": "PA8", "amount": CARD},
    {"transaction_id": "PA9", "currency": CARD},
    {"transaction_id": "PA10", "refund_date": CARD},
    {"transaction_id": "PA11", "suspicious_date": f"2027 {CARD}"},
    {"transaction_id": "PA12", "created_at": CARD},
    {"transaction_id": "PA13", "card_number": CARD, "card_type": CARD, "message": CARD, "email": "jane@example.com"},
    {"transaction_id": "PA14", "order_id": "jane@example.com"},
    {"transaction_id": "PA15", "order_id": "\ud800\x00\x1b[2J"},
    {"transaction_id": "PA16", "order_id": "x" * 100_000},
    {"transaction_id": "PA17", CARD: CARD},
    {"transaction_id": "PA18", "amount": "0." + CARD},
    {"transaction_id": "PA19", "order_id": {"card": CARD}},
    {"transaction_id": "PA20", "order_id": int(CARD)},
    {"transaction_id": "PA21", "order_id": "4111_1111_1111_1111"},
    {"transaction_id": "PA22", "status": "4111/1111/1111/1111"},
    {"transaction_id": "PA23", "order_id": "4111-1111--1111---1111"},
    {"transaction_id": "PA24", "order_id": "411111XXXXXX1111"},
    {"transaction_id": "PA25", "status": "411111******1111"},
    {"transaction_id": "PA26", "order_id": "James Dean"},
    {"transaction_id": "PA27", "order_id": 'a;=HYPERLINK("http://evil";"x")'},
]


@pytest.fixture(scope="module")
def reconciler() -> Reconciler:
    reconciler = Reconciler(
        *[row(**{"order_id": None, **each}) for each in HOSTILE], None, 17, CARD, [CARD], {}, page_size=5
    )
    assert reconciler.run()["state"] == "finished"
    return reconciler


class TestHostileRows:
    def sinks(self, reconciler: Reconciler) -> Iterator[tuple[str, str]]:
        yield from ((key, body.decode()) for key, body in reconciler.files.files.items())
        yield "the table", reconciler.ledger.dump()
        yield "the log", reconciler.console.read()
        yield "the checkpoint", repr(reconciler.checkpoints.kept)

    @pytest.mark.parametrize("secret", ["4111[^a-zA-Z]{0,20}1111", "411111[X*]", "jane@example", "James", "HYPERLINK"])
    def test_they_bring_no_card_and_no_person_into_any_output(self, reconciler: Reconciler, secret: str) -> None:
        assert [name for name, text in self.sinks(reconciler) if re.search(secret, text)] == []

    def test_each_has_a_line(self, reconciler: Reconciler) -> None:
        assert len(reconciler.report()["discrepancies"]) == len(HOSTILE) + 5

    def test_they_make_no_formula(self, reconciler: Reconciler) -> None:
        cells = [value for line in reconciler.table() for value in line.values()]
        assert [value for value in cells if value.startswith(("=", "+", "-", "@", "\t", "\r"))] == []

    def test_they_make_no_long_line(self, reconciler: Reconciler) -> None:
        assert max(len(json.dumps(line)) for line in reconciler.report()["discrepancies"]) < 1000

    def test_they_show_no_order_id_that_may_be_a_card(self, reconciler: Reconciler) -> None:
        assert [payment.order_id for payment in reconciler.ledger.payments() if payment.order_id] == []
