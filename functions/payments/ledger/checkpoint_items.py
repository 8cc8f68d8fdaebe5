"""Maps a checkpoint of the reconciliation to its item in the table, and back."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from payments.ledger.history_items import Item
from payments.model.timestamps import iso, parse_iso
from payments.reconciliation.assembly import Assembly, ReportPlace, Upload
from payments.reconciliation.checkpoint import Checkpoint, Tally
from payments.reconciliation.other_channels import ChannelTotals, OtherChannels
from payments.reconciliation.totals import CurrencyTotals, Totals, TotalsByCurrency
from payments.reconciliation.transaction_list import Span


def checkpoint_item(checkpoint: Checkpoint) -> Item:
    """The attributes of a checkpoint; None removes the attribute."""
    report = checkpoint.report
    return {
        "span": str(checkpoint.span),
        "spans": [str(span) for span in checkpoint.spans],
        "before": _tally_item(checkpoint.before),
        "live": checkpoint.live,
        "started_at": iso(checkpoint.started_at),
        "since": iso(checkpoint.since),
        "daily": checkpoint.daily,
        "previous": None if checkpoint.previous is None else checkpoint.previous.isoformat(),
        "phase": checkpoint.phase,
        "cursor": checkpoint.cursor,
        "cycle_marker": checkpoint.cycle_marker,
        "pages": checkpoint.pages,
        "restarts": checkpoint.restarts,
        "rows": checkpoint.rows,
        "listed_total": checkpoint.listed_total,
        "parts": checkpoint.parts,
        "contradictions": checkpoint.contradictions,
        "counts": dict(checkpoint.counts),
        "totals": _totals_item(checkpoint.totals),
        "other_channels": _channels_item(checkpoint.other_channels),
        "left_open": [day.isoformat() for day in checkpoint.left_open],
        "to_cross_off": list(checkpoint.to_cross_off),
        "recent_rows": list(checkpoint.recent_rows),
        "incomplete_because": checkpoint.incomplete_because,
        "finished_at": None if checkpoint.finished_at is None else iso(checkpoint.finished_at),
        "assembly": _assembly_item(checkpoint.assembly),
        "report": None if report is None else {"json": report.json, "csv": report.csv},
    }


def checkpoint_of(item: Mapping[str, Any], span: Span) -> Checkpoint:
    """The reconciliation in an item. `span`: its days if the item is older than reconciliations of several spans."""
    finished_at, report, previous = item.get("finished_at"), item.get("report"), item.get("previous")
    return Checkpoint(
        span=_span_of(item["span"]) if "span" in item else span,
        spans=tuple(map(_span_of, item.get("spans", ()))),
        before=_tally_of(item["before"]) if "before" in item else Tally(),
        live=item["live"],
        started_at=parse_iso(item["started_at"]),
        since=parse_iso(item.get("since", item["started_at"])),
        daily=item.get("daily", False),
        previous=None if previous is None else date.fromisoformat(previous),
        phase=item["phase"],
        cursor=item.get("cursor"),
        cycle_marker=item.get("cycle_marker"),
        pages=int(item["pages"]),
        restarts=int(item["restarts"]),
        rows=int(item["rows"]),
        listed_total=_number(item.get("listed_total")),
        parts=int(item["parts"]),
        contradictions=int(item["contradictions"]),
        counts={kind: int(count) for kind, count in item["counts"].items()},
        totals=_totals_of(item["totals"]),
        other_channels=_channels_of(item.get("other_channels", {})),
        left_open=tuple(map(date.fromisoformat, item.get("left_open", ()))),
        to_cross_off=tuple(item["to_cross_off"]),
        recent_rows=tuple(item.get("recent_rows", ())),
        incomplete_because=item.get("incomplete_because"),
        finished_at=None if finished_at is None else parse_iso(finished_at),
        assembly=_assembly_of(item["assembly"]) if "assembly" in item else Assembly(),
        report=None if report is None else ReportPlace(report["json"], report["csv"]),
    )


def _tally_item(tally: Tally) -> Item:
    return {
        "rows": tally.rows,
        "listed_total": tally.listed_total,
        "parts": tally.parts,
        "counts": dict(tally.counts),
        "totals": _totals_item(tally.totals),
        "other_channels": _channels_item(tally.other_channels),
        "incomplete_because": tally.incomplete_because,
    }


def _tally_of(item: Mapping[str, Any]) -> Tally:
    return Tally(
        rows=int(item["rows"]),
        listed_total=_number(item["listed_total"]),
        parts=int(item["parts"]),
        counts={kind: int(count) for kind, count in item["counts"].items()},
        totals=_totals_of(item["totals"]),
        other_channels=_channels_of(item["other_channels"]),
        incomplete_because=item["incomplete_because"],
    )


def _assembly_item(assembly: Assembly) -> Item:
    return {
        "read": assembly.read,
        "json": None if assembly.json is None else [assembly.json.id, *assembly.json.tags],
        "csv": None if assembly.csv is None else [assembly.csv.id, *assembly.csv.tags],
    }


def _assembly_of(item: Mapping[str, Any]) -> Assembly:
    return Assembly(int(item["read"]), _upload_of(item["json"]), _upload_of(item["csv"]))


def _upload_of(value: Any) -> Upload | None:
    return None if value is None else Upload(value[0], tuple(value[1:]))


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _span_of(text: str) -> Span:
    first, last = text.split("_")
    return Span(date.fromisoformat(first), date.fromisoformat(last))


def _totals_item(totals: TotalsByCurrency) -> Item:
    return {currency: [*sides.gateway.as_tuple(), *sides.here.as_tuple()] for currency, sides in totals.items()}


def _channels_item(channels: OtherChannels) -> Item:
    """No currency contains `#`."""
    return {
        f"{currency}#{channel}": [one.transactions, *one.totals.as_tuple()]
        for (channel, currency), one in channels.items()
    }


def _channels_of(item: Mapping[str, Any]) -> OtherChannels:
    found: dict[tuple[str, str], ChannelTotals] = {}
    for key, numbers in item.items():
        currency, _, channel = key.partition("#")
        transactions, *totals = map(int, numbers)
        found[channel, currency] = ChannelTotals(transactions, Totals(*totals))
    return found


def _totals_of(item: Mapping[str, Any]) -> TotalsByCurrency:
    numbers = {currency: [int(number) for number in both] for currency, both in item.items()}
    return {currency: CurrencyTotals(Totals(*both[:4]), Totals(*both[4:])) for currency, both in numbers.items()}
