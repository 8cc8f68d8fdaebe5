"""What finance does with a report: from its lines alone, add up why the two books differ."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

NOT_IN_THE_LIST = {"not_listed", "unknown_to_gateway"}
"""Of these the gateway's column has nothing, whatever its status API says."""


def differences(report: Mapping[str, Any]) -> dict[str, int]:
    """Currency → the difference of the amounts, as the report's head has it."""
    return {book["currency"]: book["difference"]["amount"] for book in report["totals"]}


def of_the_lines(report: Mapping[str, Any]) -> dict[str, int]:
    """Currency → the same, from what the lines say is counted on one side only. A payment may have several lines."""
    added = Counter(dict.fromkeys(differences(report), 0))
    for line in {(line["payment_id"], line["transaction_id"]): line for line in _by_weight(report)}.values():
        if line["status_gateway"] == "SUCCESS" and line["discrepancy"] not in NOT_IN_THE_LIST:
            added[line["currency_gateway"]] += line["amount_gateway"] or 0
        if line["status_here"] == "succeeded":
            added[line["currency_here"]] -= line["amount_here"]
    return dict(added)


def _by_weight(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """That the list does not have it weighs more than what else is said: it comes last, and stays."""
    return sorted(report["discrepancies"], key=lambda line: line["discrepancy"] in NOT_IN_THE_LIST)
