"""dashboard.yaml shows metrics that exist, every alarm, and resources of the template. The docs have the same table."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from payments.runtime.metrics import METRICS
from scripts.metrics_table import table, written
from tests.house import deployed_template
from tests.house.checkout import ROOT
from tests.house.test_alarms import CATALOGUE, NAMESPACE, emitted

BODY: str = yaml.safe_load((ROOT / "dashboard.yaml").read_text())["Fn::Sub"]
WIDGETS: list[dict[str, Any]] = json.loads(BODY)["widgets"]
PSEUDO = {"AWS::Region", "AWS::StackName"}
WIDTH = 24
FROM_CODE = {"Verdicts": "status", "WebhookRejections": "cause", "IntegrityMismatches": "field"}
"""Metrics that have one line for each value of their dimension."""

SEEN_ELSEWHERE = {"WebhooksNotUnderstood", "WebhooksUnconfirmed"}
"""Metrics without a line: another metric on the dashboard shows the same trouble."""


def rows() -> Iterator[list[Any]]:
    for widget in WIDGETS:
        yield from widget["properties"].get("metrics", [])


def ours() -> list[list[Any]]:
    return [row for row in rows() if row[0] == NAMESPACE]


def test_the_template_includes_it() -> None:
    (dashboard,) = deployed_template.resources("AWS::CloudWatch::Dashboard").values()
    include = dashboard["Properties"]["DashboardBody"]["Fn::Transform"]

    assert include == {"Name": "AWS::Include", "Parameters": {"Location": "dashboard.yaml"}}, "template.yaml, Dashboard"


def test_it_refers_to_what_is_in_the_template() -> None:
    referred = {name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", BODY)}
    missing = referred - set(deployed_template.translated()["Resources"]) - PSEUDO

    assert missing == set(), "dashboard.yaml: template.yaml has no such resources"


def test_it_shows_every_alarm() -> None:
    shown = {arn for widget in WIDGETS for arn in widget["properties"].get("alarms", [])}
    alarms = {f"${{{name}.Arn}}" for name in deployed_template.resources("AWS::CloudWatch::Alarm")}

    assert alarms - shown == set(), "dashboard.yaml: add these to the first widget's `alarms`"
    assert shown - alarms == set(), "dashboard.yaml: template.yaml has no such alarms"


def test_each_of_our_metrics_is_one_that_is_emitted_with_these_dimensions() -> None:
    for _, name, *rest in ours():
        assert name in METRICS, f"dashboard.yaml: no metric {name} in {CATALOGUE}"
        words = [word for word in rest if isinstance(word, str)]
        dimensions = dict(zip(words[::2], words[1::2], strict=True))
        assert dimensions.pop("service") == "${AWS::StackName}", f"dashboard.yaml, {name}: `service` is the stack"
        for key, value in dimensions.items():
            assert key == METRICS[name].by, f"dashboard.yaml, {name}: its dimension is {METRICS[name].by}"
            assert value in emitted()[name], f"dashboard.yaml, {name}: it never has {key} {value}"


def test_a_search_looks_for_a_metric_under_its_own_dimensions() -> None:
    searches = [row[0]["expression"] for row in rows() if isinstance(row[0], dict)]
    for search in searches:
        match = re.match(r"SEARCH\('\{PayAgency,(\w+),service\} MetricName=\"(\w+)\"", search)
        assert match, f"dashboard.yaml: no search for one metric of ours: {search}"
        assert METRICS[match[2]].by == match[1], f"dashboard.yaml: {match[2]} has no dimension {match[1]}"


def test_every_metric_is_on_it_or_has_one_that_says_more() -> None:
    body = json.dumps(WIDGETS)
    unseen = {name for name in METRICS if f'"{name}"' not in body and f'\\"{name}\\"' not in body}

    assert unseen == SEEN_ELSEWHERE, "dashboard.yaml: give each new metric a line"


def test_no_value_of_a_dimension_is_left_out() -> None:
    for name, by in FROM_CODE.items():
        shown = {row[row.index(by) + 1] for row in ours() if row[1] == name}
        assert shown == emitted()[name] - {"processing"}, f"dashboard.yaml, {name}: one line for each {by}"


def test_no_widget_lies_upon_another() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in WIDGETS:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        where = f"dashboard.yaml, {widget['properties']['title']!r}"
        assert not cells & taken, f"{where}: overlaps another widget; change x, y, width or height"
        assert max(x for x, _ in cells) < WIDTH, f"{where}: wider than the page of {WIDTH} columns"
        taken |= cells


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_in_the_table_of_the_docs(name: str) -> None:
    assert f"`{name}`" in table(), f"scripts/metrics_table.py leaves out {name}"


def test_the_table_in_the_docs_is_the_catalogue() -> None:
    assert written() == table(), f"docs/observability.md is not {CATALOGUE}: make fix"
