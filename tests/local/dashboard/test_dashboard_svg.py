"""The dashboard as SVG: bars for sums, lines for levels, and nothing outside the frame."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from local.dashboard.dashboard_svg import dashboard_svg
from local.dashboard.widget_svg import Span
from local.dashboard.widgets import Series, Widget

SINCE = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
SPAN = Span(SINCE, SINCE + timedelta(minutes=2), timedelta(seconds=10))
SVG = "{http://www.w3.org/2000/svg}"


WIDGET = Widget("metric", "What <happened>", 0, 0, 8, 6, unit="payments", stacked=False, limits={})


def drawn(*series: Series, **changes: Any) -> ET.Element:
    widget = replace(WIDGET, series=series, **changes)
    return ET.fromstring(dashboard_svg([widget], SPAN, "payments", "a test"))  # noqa: S314 - our own picture


def points(*values: float) -> dict[datetime, float]:
    return {SINCE + nth * SPAN.period: value for nth, value in enumerate(values)}


def test_a_sum_is_drawn_as_bars_and_a_level_as_a_line() -> None:
    alone = len(list(drawn(Series("a", "Sum", {})).iter(f"{SVG}rect")))
    svg = drawn(Series("a", "Sum", points(1, 0, 3)), Series("b", "Maximum", points(5, 6)))

    assert len(list(svg.iter(f"{SVG}rect"))) == alone + 2 + 1, "two bars that are not 0, and the second legend"
    assert len(list(svg.iter(f"{SVG}circle"))) == 2


def test_stacked_bars_stay_within_the_frame() -> None:
    svg = drawn(Series("a", "Sum", points(7, 9)), Series("b", "Sum", points(6, 8)))

    assert all(float(bar.get("height", 0)) >= 0 and float(bar.get("y", 0)) >= 0 for bar in svg.iter(f"{SVG}rect"))


def test_the_legend_shows_the_total_of_a_sum_and_the_last_value_of_a_level() -> None:
    texts = [text.text for text in drawn(Series("a", "Sum", points(1, 3)), Series("b", "Maximum", points(9, 6))).iter()]

    assert {"a 4", "b 6"} <= set(texts)


def test_a_widget_without_values_shows_no_data() -> None:
    assert "no data" in [text.text for text in drawn(Series("a", "Sum", {})).iter()]


def test_a_title_is_escaped() -> None:
    assert "What <happened>" in [text.text for text in drawn().iter()]


def test_an_alarm_shows_its_state() -> None:
    svg = drawn(kind="alarm", states={"payments-late-success": "ALARM", "payments-dead-letters": "OK"})

    assert {"late-success", "!", "dead-letters", "✓"} <= {text.text for text in svg.iter()}
