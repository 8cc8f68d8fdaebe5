"""The whole dashboard as one SVG."""

from __future__ import annotations

from collections.abc import Sequence

from local.dashboard.widget_svg import FAINT, Box, Span, card, text
from local.dashboard.widgets import Widget

_COLUMN, _ROW, _GAP, _MARGIN, _HEAD = 50, 36, 10, 20, 52
_FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def dashboard_svg(widgets: Sequence[Widget], span: Span, title: str, subtitle: str) -> str:
    """The SVG, with the widgets at their places on the dashboard's 24 columns."""
    width = 2 * _MARGIN + 24 * _COLUMN - _GAP
    height = _HEAD + _MARGIN + max(w.y + w.height for w in widgets) * _ROW
    cards = "\n".join(card(widget, _box(widget), span) for widget in widgets)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="{_FONT}" role="img">\n'
        f'<title>{title}</title>\n<rect width="{width}" height="{height}" fill="#f5f7fa"/>\n'
        + text(_MARGIN, 32, title, size=18, weight=700)
        + text(width - _MARGIN, 32, subtitle, size=12, fill=FAINT, anchor="end")
        + f"\n{cards}\n</svg>\n"
    )


def _box(widget: Widget) -> Box:
    return Box(
        _MARGIN + widget.x * _COLUMN,
        _HEAD + widget.y * _ROW,
        widget.width * _COLUMN - _GAP,
        widget.height * _ROW - _GAP,
    )
