"""The lines on the terminal: the progress of each call, then the counts and the place of the report."""

from collections.abc import Iterator

from operate.reconciliation.function import Result


def progress(result: Result) -> str:
    """One line: how far the reconciliation has come."""
    if result["state"] == "held":
        return "another call has this reconciliation right now; waiting"
    listed = result["listed_total"]
    rows = f"{result['rows']} of {listed} rows" if listed is not None else f"{result['rows']} rows"
    count = sum(result["discrepancies"].values())
    return f"{result['state']}: {rows} compared, {count} {'discrepancy' if count == 1 else 'discrepancies'}"


def outcome(result: Result) -> Iterator[str]:
    """The counts, the most frequent first, and the two files of the report."""
    counts = sorted(result["discrepancies"].items(), key=lambda counted: (-counted[1], counted[0]))
    width = max((len(str(count)) for _, count in counts), default=0)
    yield from (f"{count:>{width}} {kind}" for kind, count in counts)
    if not result["complete"]:
        yield "not complete: the gateway's list has holes (`doubt` in the report); what it does not show was left"
    elif not counts:
        yield "no discrepancies: both sides agree"
    yield from (f"{form}: {place}" for form, place in (result["report"] or {}).items())
