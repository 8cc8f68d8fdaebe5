"""Writes the table of metrics in docs/observability.md from payments.runtime.metrics. `make fix` runs it."""

import re
from pathlib import Path

from payments.runtime.metrics import METRICS, SIGNALS, Metric

PAGE = Path(__file__).parents[1] / "docs" / "observability.md"
BETWEEN = re.compile(r"(?<=<!-- metrics -->\n).*(?=<!-- /metrics -->)", re.DOTALL)


def table() -> str:
    """The metrics as a Markdown table."""
    head = ["| metric | unit | by | means | counts the signals |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(_row(metric) for metric in METRICS.values())]) + "\n"


def written() -> str:
    """The table that the page holds now."""
    found = BETWEEN.search(PAGE.read_text())
    return found[0] if found else ""


def write() -> None:
    """Writes the table into the page."""
    PAGE.write_text(BETWEEN.sub(lambda _: table(), PAGE.read_text()))


def _row(metric: Metric) -> str:
    unit = "minor units" if metric.name == "MoneyAtRisk" else metric.unit.value.lower()
    by = f"`{metric.by}`" if metric.by else ""
    counted = ", ".join(f"`{name}`" for name, signal in SIGNALS.items() if metric.name in signal.metrics)
    measured = f"measured by {'the reconciliation' if metric.name.startswith('Reconciliation') else 'the follow-up'}"
    return f"| `{metric.name}` | {unit} | {by} | {metric.meaning} | {counted or measured} |"


if __name__ == "__main__":
    write()
