"""One widget as SVG: sums as stacked bars, levels as lines, limits as dashed lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from math import ceil, floor, log10

from local.dashboard.widgets import Series, Widget

INK, FAINT, GRID, LIMIT = "#1f2933", "#7b8794", "#e4e7eb", "#c81e1e"
COLOURS = ("#2563a8", "#e8912d", "#3f9c5a", "#c2413b", "#7d5bb5", "#2aa7a0", "#8d6748", "#d266a3")
STATES = {
    "OK": ("#e3f4e8", "#1d7a3e", "✓"),
    "ALARM": ("#fde3e1", "#b3261e", "!"),
    "INSUFFICIENT_DATA": ("#eef0f3", "#7b8794", "·"),
}
_LEFT, _RIGHT, _TOP, _LEGEND_LINE = 46, 12, 46, 15


@dataclass(frozen=True, slots=True)
class Span:
    """The time range of the horizontal axis."""

    since: datetime
    until: datetime
    period: timedelta

    def share(self, at: datetime) -> float:
        return (at - self.since) / (self.until - self.since)


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float


def card(widget: Widget, box: Box, span: Span) -> str:
    """The widget with its frame."""
    frame = (
        f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6" fill="#fff" stroke="{GRID}"/>'
        + text(box.x + 14, box.y + 23, widget.title, size=13.5, weight=600)
    )
    inside = _states(widget, box) if widget.states else _chart(widget, box, span)
    return frame + "".join(inside)


def text(
    x: float, y: float, content: str, *, size: float = 11, fill: str = INK, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(content)}</text>'
    )


def _states(widget: Widget, box: Box) -> Iterator[str]:
    columns, step = 6, (box.width - 28) / 6
    for nth, (name, state) in enumerate((widget.states or {}).items()):
        fill, ink, mark = STATES[state]
        x, y = box.x + 14 + nth % columns * step, box.y + 37 + nth // columns * 23
        label = name.split("-", 1)[1]
        yield f'<rect x="{x:.1f}" y="{y}" width="{step - 8:.1f}" height="19" rx="4" fill="{fill}"/>'
        yield text(x + 7, y + 13.5, mark, fill=ink, weight=700)
        yield text(x + 21, y + 13.5, label, fill=ink, weight=600, size=10.5)


def _chart(widget: Widget, box: Box, span: Span) -> Iterator[str]:
    legend = list(_legend_rows(widget.series, box.width - 28))
    plot = Box(
        box.x + _LEFT, box.y + _TOP, box.width - _LEFT - _RIGHT, box.height - _TOP - 26 - _LEGEND_LINE * len(legend)
    )
    top = _round_up(max([*_heights(widget.series), 1.0]))
    yield text(box.x + 14, box.y + 38, widget.unit, size=10, fill=FAINT)
    yield from _axes(plot, top, span)
    yield from _bars([series for series in widget.series if series.stat == "Sum"], widget.series, plot, top, span)
    yield from _lines(widget.series, plot, top, span)
    if not any(series.points for series in widget.series):
        yield text(plot.x + plot.width / 2, plot.y + plot.height / 2 + 4, "no data", fill=FAINT, anchor="middle")
    for label, limit in widget.limits.items():
        yield from _limit(label, limit, plot, top)
    for nth, row in enumerate(legend):
        yield from _legend(row, box.x + 14, plot.y + plot.height + 34 + nth * _LEGEND_LINE)


def _heights(series: Sequence[Series]) -> Iterator[float]:
    """The heights that the vertical axis must cover: every stack of bars, every point of a line."""
    stacks: dict[datetime, float] = {}
    for each in series:
        for at, value in each.points.items():
            if each.stat == "Sum":
                stacks[at] = stacks.get(at, 0) + value
            else:
                yield value
    yield from stacks.values()


def _round_up(value: float) -> float:
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in (1, 2, 4, 5, 10) if step * unit >= value)


def _axes(plot: Box, top: float, span: Span) -> Iterator[str]:
    for nth in range(5 if top >= 4 else int(top) + 1):
        share = nth / (4 if top >= 4 else int(top))
        y = plot.y + plot.height * (1 - share)
        yield f'<path d="M{plot.x:.1f} {y:.1f}h{plot.width:.1f}" stroke="{GRID}"/>'
        yield text(plot.x - 6, y + 3.5, _short(top * share), size=10, fill=FAINT, anchor="end")
    minutes = ceil((span.until - span.since) / timedelta(minutes=1))
    for minute in range(minutes + 1):
        share = span.share(span.since + timedelta(minutes=minute))
        if share <= 1:
            x = plot.x + plot.width * share
            yield text(x, plot.y + plot.height + 14, f"{minute} min", size=10, fill=FAINT, anchor="middle")


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"


def _bars(summed: Sequence[Series], every: Sequence[Series], plot: Box, top: float, span: Span) -> Iterator[str]:
    width = max(plot.width * (span.period / (span.until - span.since)) - 1.2, 1.5)
    stacks: dict[datetime, float] = {}
    for series in summed:
        colour = COLOURS[every.index(series) % len(COLOURS)]
        for at, value in series.points.items():
            below = stacks.get(at, 0.0)
            stacks[at] = below + value
            height = plot.height * value / top
            x, y = plot.x + plot.width * span.share(at), plot.y + plot.height * (1 - below / top) - height
            if height:
                yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _lines(series: Sequence[Series], plot: Box, top: float, span: Span) -> Iterator[str]:
    for nth, each in enumerate(series):
        if each.stat == "Sum" or not each.points:
            continue
        dots = [
            (plot.x + plot.width * span.share(at + span.period / 2), plot.y + plot.height * (1 - value / top))
            for at, value in each.points.items()
        ]
        path, colour = "L".join(f"{x:.1f} {y:.1f}" for x, y in dots), COLOURS[nth % len(COLOURS)]
        yield f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour}"/>' for x, y in dots)


def _limit(label: str, limit: float, plot: Box, top: float) -> Iterator[str]:
    """A limit far above the values would flatten them; it is written at the top, with an arrow."""
    if limit > top:
        yield text(plot.x + plot.width, plot.y - 8, f"↑ {label}: {limit:g}", size=10, fill=LIMIT, anchor="end")
        return
    y = plot.y + plot.height * (1 - limit / top)
    yield f'<path d="M{plot.x:.1f} {y:.1f}h{plot.width:.1f}" stroke="{LIMIT}" stroke-dasharray="5 4"/>'
    yield text(plot.x + plot.width, y - 4, f"{label}: {limit:g}", size=10, fill=LIMIT, anchor="end")


Mark = tuple[str, str, float]


def _legend_rows(series: Sequence[Series], width: float) -> Iterator[list[Mark]]:
    row: list[Mark] = []
    used = 0.0
    for nth, each in enumerate(series):
        label = f"{each.label} {_legend_value(each)}".strip()
        needed = 24 + len(label) * 6.2
        if row and used + needed > width:
            yield row
            row, used = [], 0.0
        row.append((label, COLOURS[nth % len(COLOURS)] if any(each.points.values()) else "#c9ced6", used))
        used += needed
    if row:
        yield row


def _legend_value(series: Series) -> str:
    """The total of a sum, or the last value of a level."""
    if not series.points:
        return "-" if series.stat != "Sum" else "0"
    values = list(series.points.values())
    return f"{sum(values):g}" if series.stat == "Sum" else f"{values[-1]:g}"


def _legend(row: Sequence[Mark], x: float, y: float) -> Iterator[str]:
    for label, colour, offset in row:
        yield f'<rect x="{x + offset:.1f}" y="{y - 8:.1f}" width="9" height="9" rx="2" fill="{colour}"/>'
        yield text(x + offset + 13, y, label, size=10.5, fill=INK if colour != "#c9ced6" else FAINT)
