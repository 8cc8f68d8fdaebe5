"""docs/simulator.md lists everything that the simulator has, and the simulator shares no code with the client."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

from local.simulator import Credentials, WebhookTiming, server
from local.simulator.behaviour import Behaviour
from local.simulator.cards import CARDS
from local.simulator.gateway import Gateway
from local.simulator.scenarios import LIST_SCENARIOS, PAGE_SCENARIOS, REFUND_SCENARIOS, SCENARIOS, SCENARIOS_BY_CALL

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("scenario", sorted(set(chain(*SCENARIOS_BY_CALL.values()))))
def test_every_scenario_is_listed(scenario: str) -> None:
    assert re.search(rf"^\| `{scenario}` \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("number", "scenario"), CARDS.items())
def test_every_card_is_listed_beside_its_scenario(number: str, scenario: str) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{scenario}` |")]
    if scenario == "approve":
        rows.append(PAGE.partition("Approved cards of other brands:")[2].partition("\n\n")[0])
    assert any(number in row.replace(" ", "") for row in rows)


def test_every_listed_scenario_exists() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| [0-9]{4} ", PAGE, re.MULTILINE)
    assert set(listed) == set(SCENARIOS)


@pytest.mark.parametrize(
    ("heading", "scenarios"),
    [("Refunds", REFUND_SCENARIOS), ("The transaction list", LIST_SCENARIOS | PAGE_SCENARIOS)],
    ids=["refunds", "list"],
)
def test_every_listed_scripted_scenario_exists(heading: str, scenarios: dict[str, Behaviour]) -> None:
    section = PAGE.partition(f"### {heading}\n")[2].partition("###")[0]
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE)) == set(scenarios)


@pytest.mark.parametrize("part", Behaviour.__slots__)
def test_every_part_of_a_behaviour_is_explained(part: str) -> None:
    assert f"`{part}`" in PAGE


def test_every_route_is_listed() -> None:
    app = server.application(Gateway(Credentials.invented(), WebhookTiming.fast()))
    routes = {route.canonical for route in app.router.resources()}
    for route in routes:
        assert f" {route}`" in PAGE, route


def test_no_code_is_shared_with_the_client() -> None:
    for file in (ROOT / "local" / "simulator").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in {
                    "payments",
                    "charge",
                    "webhook",
                    "follow_up",
                    "functions",
                    "cryptography",
                }
