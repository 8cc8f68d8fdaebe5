"""What finance is told of the report is what the code writes, and the sample is one that it wrote."""

import csv
import re
from collections import Counter
from typing import get_args

from payments.reconciliation.discrepancy import COLUMNS, NOTES, Action, DiscrepancyKind
from payments.reconciliation.totals import Totals
from scripts.sample_report import DOCS, PAGE, sample_report, tables, written
from tests.explained_totals import differences, explained_by_lines

TEXT = PAGE.read_text()
KINDS = get_args(DiscrepancyKind)
SAMPLE = sample_report()


def explained(section: str) -> list[str]:
    """The names in the first column of the tables of a section, and of those below it."""
    after = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", after, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_each_discrepancy_is_explained_once() -> None:
    assert sorted(explained("The discrepancies")) == sorted(KINDS)


def test_each_column_is_explained_in_its_order() -> None:
    assert explained("The columns") == list(COLUMNS)


def test_each_action_is_named() -> None:
    row = re.search(r"^\| `action` \|.*$", TEXT, re.MULTILINE)

    assert row
    assert set(re.findall(r"`(\w+)`", row[0])) == {"action", *get_args(Action)}


def test_the_tables_of_the_sample_are_its_own() -> None:
    assert written() == tables(), "make fix"


def test_the_sample_has_the_columns_of_today() -> None:
    with (DOCS / "samples" / "reconciliation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert {tuple(line) for line in SAMPLE["discrepancies"]} == {COLUMNS}
    assert {tuple(row) for row in rows} == {COLUMNS}
    assert [row["transaction_id"] for row in rows] == [line["transaction_id"] or "" for line in SAMPLE["discrepancies"]]


def test_the_sample_speaks_in_the_sentences_of_today() -> None:
    assert [line["note"] for line in SAMPLE["discrepancies"]] == [
        NOTES[line["discrepancy"]] for line in SAMPLE["discrepancies"]
    ]


def test_the_sample_counts_what_it_lists() -> None:
    assert SAMPLE["counts"] == Counter(line["discrepancy"] for line in SAMPLE["discrepancies"])


def test_the_sample_adds_up() -> None:
    for book in SAMPLE["totals"]:
        gateway, here, difference = (Totals(**book[side]) for side in ("gateway", "here", "difference"))
        assert gateway - here == difference


def test_the_samples_differences_are_those_of_its_lines_and_the_page_explains_them() -> None:
    assert explained_by_lines(SAMPLE) == differences(SAMPLE)
    assert all(f"{currency} {amount} = " in TEXT for currency, amount in differences(SAMPLE).items())
