"""What the person at the terminal reads: a line a call, the counts, where the report lies."""

from collections.abc import Iterator

from operate.reconciliation.calling import Result


def progress(result: Result) -> str:
    """One line: how far the sweep has come."""
    if result["state"] == "held":
        return "another call has this sweep right now; waiting"
    listed = result["listed_total"]
    rows = f"{result['rows']} of {listed} rows" if listed is not None else f"{result['rows']} rows"
    findings = sum(result["findings"].values())
    return f"{result['state']}: {rows} compared, {findings} {'finding' if findings == 1 else 'findings'}"


def outcome(result: Result) -> Iterator[str]:
    """The counts, the most frequent first, and the two files of the report."""
    counts = sorted(result["findings"].items(), key=lambda counted: (-counted[1], counted[0]))
    width = max((len(str(count)) for _, count in counts), default=0)
    yield from (f"{count:>{width}} {kind}" for kind, count in counts)
    if not result["complete"]:
        yield "not complete: the gateway's list has holes (`doubt` in the report); what it does not show was left"
    elif not counts:
        yield "no findings: both books agree"
    yield from (f"{form}: {place}" for form, place in (result["report"] or {}).items())
