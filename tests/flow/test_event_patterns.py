"""EventBridge matches the ready rule patterns with the sample events that the docs name."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from local.stack.cloud import Cloud
from tests.house.checkout import ROOT

Matches = Callable[[str, dict[str, Any]], bool]
PATTERNS = sorted(path.stem for path in (ROOT / "examples/patterns").glob("*.json"))
SAMPLES = sorted(path.stem.removeprefix("event-") for path in (ROOT / "events").glob("event-*.json"))
ROW = re.compile(r"^\| \[`([\w-]+)`\]\(\.\./examples/patterns/\1\.json\) \|.*\| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, set[str]]:
    """The samples that each pattern matches, according to the docs."""
    docs = (ROOT / "docs/consuming-events.md").read_text()
    return {row[1]: set(re.findall(r"`([\w-]+)`", row[2])) for row in ROW.finditer(docs)}


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/event-{name}.json").read_text())
    return event


@pytest.fixture(scope="module")
def matches(admin: Cloud) -> Matches:
    """Asks EventBridge whether a pattern matches an event."""
    events = admin.client("events")

    def ask(pattern: str, event: dict[str, Any]) -> bool:
        text = (ROOT / f"examples/patterns/{pattern}.json").read_text()
        return bool(events.test_event_pattern(EventPattern=text, Event=json.dumps(event))["Result"])

    return ask


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_the_documented_samples(matches: Matches, pattern: str) -> None:
    taken = {name for name in SAMPLES if matches(pattern, sample(name))}
    expected = documented()[pattern]

    assert taken == (set(SAMPLES) if expected == {"all"} else expected)


def test_every_pattern_is_documented_and_none_matches_another_services_events(matches: Matches) -> None:
    stranger = sample("succeeded-live") | {"source": "another.service"}

    assert sorted(documented()) == PATTERNS
    assert [pattern for pattern in PATTERNS if matches(pattern, stranger)] == []


def test_a_replay_from_the_archive_is_no_first_publication(matches: Matches) -> None:
    again = sample("succeeded") | {"replay-name": "again"}

    assert matches("everything", again)
    assert not matches("first-publication-only", again)
