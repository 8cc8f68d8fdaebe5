"""Adds up the lines of a reconciliation report, as finance does, to explain the difference of its totals."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

NOT_IN_THE_LIST = {"not_listed", "unknown_to_gateway"}
"""Discrepancies that the gateway's total does not include, even if its status API knows the payment."""


def differences(report: Mapping[str, Any]) -> dict[str, int]:
    """Currency → the difference of the amounts in the report's totals."""
    return {book["currency"]: book["difference"]["amount"] for book in report["totals"]}


def explained_by_lines(report: Mapping[str, Any]) -> dict[str, int]:
    """Currency → the same difference, computed from the lines alone. Each payment counts once."""
    added = Counter(dict.fromkeys(differences(report), 0))
    for line in {(line["payment_id"], line["transaction_id"]): line for line in _unlisted_last(report)}.values():
        if line["status_gateway"] == "SUCCESS" and line["discrepancy"] not in NOT_IN_THE_LIST:
            added[line["currency_gateway"]] += line["amount_gateway"] or 0
        if line["status_here"] == "succeeded":
            added[line["currency_here"]] -= line["amount_here"]
    return dict(added)


def _unlisted_last(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The lines with the unlisted payments last, so that such a line replaces the other lines of its payment."""
    return sorted(report["discrepancies"], key=lambda line: line["discrepancy"] in NOT_IN_THE_LIST)
