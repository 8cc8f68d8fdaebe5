"""Writes the sample report's tables in docs/reconciliation.md from the files in docs/samples. `make fix` runs it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE: Final = DOCS / "reconciliation.md"
SAMPLE: Final = DOCS / "samples" / "reconciliation.json"
BETWEEN: Final = re.compile(r"(?<=<!-- sample -->\n).*(?=<!-- /sample -->)", re.DOTALL)

SIDES: Final = {"gateway": "the gateway", "here": "here", "difference": "difference"}
COLUMNS: Final = ("order_id", "discrepancy", "action", "amount_here", "amount_gateway", "status_here", "status_gateway")


def sample_report() -> dict[str, Any]:
    """The sample report, as it came from the bucket."""
    sample: dict[str, Any] = json.loads(SAMPLE.read_text())
    return sample


def tables() -> str:
    """The totals and the discrepancies, with fewer columns than the file has: the page is narrow."""
    sample = sample_report()
    return "\n".join([*_totals(sample["totals"]), "", *_discrepancies(sample["discrepancies"])]) + "\n"


def written() -> str:
    """The tables as they stand in the page."""
    found = BETWEEN.search(PAGE.read_text())
    return found[0] if found else ""


def write() -> None:
    """Puts the tables into the page."""
    PAGE.write_text(BETWEEN.sub(lambda _: tables(), PAGE.read_text()))


def _totals(totals: list[dict[str, Any]]) -> Iterator[str]:
    yield "| currency | book | payments | amount | refunded | charged back |"
    yield "|---|---|--:|--:|--:|--:|"
    for entry in totals:
        for side, name in SIDES.items():
            sums = entry[side]
            cells = (sums["payments"], sums["amount"], sums["refunded"], sums["charged_back"])
            yield f"| {entry['currency']} | {name} | " + " | ".join(map(str, cells)) + " |"


def _discrepancies(discrepancies: list[dict[str, Any]]) -> Iterator[str]:
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|---|---|---|--:|--:|---|---|"
    for line in discrepancies:
        money = {side: _money(line[f"amount_{side}"], line[f"currency_{side}"]) for side in ("here", "gateway")}
        shown = {**line, "amount_here": money["here"], "amount_gateway": money["gateway"]}
        yield "| " + " | ".join(str(shown[name] or "") for name in COLUMNS) + " |"


def _money(amount: int | None, currency: str | None) -> str:
    return "" if amount is None else f"{amount} {currency}"


if __name__ == "__main__":
    write()
