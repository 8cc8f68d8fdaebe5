"""The dashboard shows metrics that exist, every alarm, and refers to what is in the template. Its docs say the same."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from payments.runtime.metrics import METRICS
from scripts.metrics_table import table, written
from tests.house import deployed_template as estate
from tests.house.checkout import ROOT
from tests.house.test_alarms import NAMESPACE, emitted

BODY: str = yaml.safe_load((ROOT / "dashboard.yaml").read_text())["Fn::Sub"]
WIDGETS: list[dict[str, Any]] = json.loads(BODY)["widgets"]
PSEUDO = {"AWS::Region", "AWS::StackName"}
WIDTH = 24
FROM_CODE = {"Verdicts": "status", "WebhookRejections": "cause", "IntegrityMismatches": "field"}
"""Metrics whose every value has a line of its own."""


def rows() -> Iterator[list[Any]]:
    for widget in WIDGETS:
        yield from widget["properties"].get("metrics", [])


def ours() -> list[list[Any]]:
    return [row for row in rows() if row[0] == NAMESPACE]


def test_the_template_includes_it() -> None:
    (dashboard,) = estate.resources("AWS::CloudWatch::Dashboard").values()
    include = dashboard["Properties"]["DashboardBody"]["Fn::Transform"]

    assert include == {"Name": "AWS::Include", "Parameters": {"Location": "dashboard.yaml"}}


def test_it_refers_to_what_is_in_the_template() -> None:
    referred = {name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", BODY)}

    assert referred <= set(estate.translated()["Resources"]) | PSEUDO


def test_it_shows_every_alarm() -> None:
    shown = {arn for widget in WIDGETS for arn in widget["properties"].get("alarms", [])}

    assert shown == {f"${{{name}.Arn}}" for name in estate.resources("AWS::CloudWatch::Alarm")}


def test_each_of_our_metrics_is_one_that_is_emitted_with_these_dimensions() -> None:
    for _, name, *rest in ours():
        assert name in METRICS
        words = [word for word in rest if isinstance(word, str)]
        told = dict(zip(words[::2], words[1::2], strict=True))
        assert told.pop("service") == "${AWS::StackName}"
        for key, value in told.items():
            assert key == METRICS[name].by
            assert value in emitted()[name]


def test_a_search_looks_for_a_metric_under_its_own_dimensions() -> None:
    searches = [row[0]["expression"] for row in rows() if isinstance(row[0], dict)]
    found = [re.match(r"SEARCH\('\{PayAgency,(\w+),service\} MetricName=\"(\w+)\"", search) for search in searches]

    assert all(found)
    assert all(METRICS[match[2]].by == match[1] for match in found if match)


def test_every_metric_is_on_it_or_has_one_that_says_more() -> None:
    told = json.dumps(WIDGETS)
    unseen = {name for name in METRICS if f'"{name}"' not in told and f'\\"{name}\\"' not in told}

    assert unseen == {"WebhooksNotUnderstood", "WebhooksUnconfirmed"}


def test_no_value_of_a_dimension_is_left_out() -> None:
    for name, by in FROM_CODE.items():
        shown = {row[row.index(by) + 1] for row in ours() if row[1] == name}
        assert shown == emitted()[name] - {"processing"}


def test_no_widget_lies_upon_another() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in WIDGETS:
        cells = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < WIDTH
        taken |= cells


@pytest.mark.parametrize("name", METRICS)
def test_each_metric_is_in_the_table_of_the_docs(name: str) -> None:
    assert f"`{name}`" in table()


def test_the_table_in_the_docs_is_the_catalogue() -> None:
    assert written() == table(), "make fix"
