"""docs/reconciliation.md explains every part of the report that the code writes; its sample is a real report."""

import csv
import re
from collections import Counter
from typing import get_args

from payments.reconciliation.discrepancy import COLUMNS, NOTES, Action, DiscrepancyKind
from payments.reconciliation.totals import Totals
from scripts.sample_report import DOCS, PAGE, sample_report, tables, written
from tests.explained_totals import differences, explained_by_lines

MODULE = "functions/payments/reconciliation/discrepancy.py"
OLD_SAMPLE = "docs/samples/ is out of date: make sample"
TEXT = PAGE.read_text()
KINDS = get_args(DiscrepancyKind)
SAMPLE = sample_report()


def explained(section: str) -> list[str]:
    """The names in the first column of the tables of one section (`## …`), in their order."""
    after = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", after, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def test_each_discrepancy_is_explained_once() -> None:
    assert sorted(explained("The discrepancies")) == sorted(KINDS), f"docs/reconciliation.md explains each of {MODULE}"


def test_each_column_is_explained_in_its_order() -> None:
    assert explained("The columns") == list(COLUMNS), f"docs/reconciliation.md explains COLUMNS of {MODULE} in order"


def test_each_action_is_named() -> None:
    row = re.search(r"^\| `action` \|.*$", TEXT, re.MULTILINE)

    assert row, "docs/reconciliation.md: no row for the column `action`"
    named = set(re.findall(r"`(\w+)`", row[0]))
    assert named == {"action", *get_args(Action)}, f"docs/reconciliation.md, row `action`: each Action of {MODULE}"


def test_the_tables_of_the_sample_are_its_own() -> None:
    assert written() == tables(), "docs/reconciliation.md is not docs/samples/reconciliation.json: make fix"


def test_the_sample_has_the_columns_of_today() -> None:
    with (DOCS / "samples" / "reconciliation.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert {tuple(line) for line in SAMPLE["discrepancies"]} == {COLUMNS}, OLD_SAMPLE
    assert {tuple(row) for row in rows} == {COLUMNS}, OLD_SAMPLE
    listed = [line["transaction_id"] or "" for line in SAMPLE["discrepancies"]]
    assert [row["transaction_id"] for row in rows] == listed, OLD_SAMPLE


def test_the_sample_has_the_notes_of_today() -> None:
    assert [line["note"] for line in SAMPLE["discrepancies"]] == [
        NOTES[line["discrepancy"]] for line in SAMPLE["discrepancies"]
    ], OLD_SAMPLE


def test_the_sample_counts_what_it_lists() -> None:
    assert SAMPLE["counts"] == Counter(line["discrepancy"] for line in SAMPLE["discrepancies"]), OLD_SAMPLE


def test_the_sample_adds_up() -> None:
    for book in SAMPLE["totals"]:
        gateway, here, difference = (Totals(**book[side]) for side in ("gateway", "here", "difference"))
        assert gateway - here == difference, f"{book['currency']}: {OLD_SAMPLE}"


def test_the_samples_differences_are_those_of_its_lines_and_the_page_explains_them() -> None:
    assert explained_by_lines(SAMPLE) == differences(SAMPLE), OLD_SAMPLE
    for currency, amount in differences(SAMPLE).items():
        assert f"{currency} {amount} = " in TEXT, (
            f"docs/reconciliation.md: explain {currency} {amount} below the sample"
        )
