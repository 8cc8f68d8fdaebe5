"""The ready rule patterns against the sample events, matched by EventBridge, and as the docs tell it."""

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


def told() -> dict[str, set[str]]:
    """The samples that each pattern takes, as the docs have it."""
    docs = (ROOT / "docs/consuming-events.md").read_text()
    return {row[1]: set(re.findall(r"`([\w-]+)`", row[2])) for row in ROW.finditer(docs)}


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / f"events/event-{name}.json").read_text())
    return event


@pytest.fixture(scope="module")
def matches(admin: Cloud) -> Matches:
    """Asks EventBridge whether a pattern takes an event."""
    events = admin.client("events")

    def ask(pattern: str, event: dict[str, Any]) -> bool:
        text = (ROOT / f"examples/patterns/{pattern}.json").read_text()
        return bool(events.test_event_pattern(EventPattern=text, Event=json.dumps(event))["Result"])

    return ask


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_takes_the_samples_that_the_docs_say(matches: Matches, pattern: str) -> None:
    taken = {name for name in SAMPLES if matches(pattern, sample(name))}
    expected = told()[pattern]

    assert taken == (set(SAMPLES) if expected == {"all"} else expected)


def test_every_pattern_is_in_the_docs_and_none_takes_anothers_events(matches: Matches) -> None:
    stranger = sample("succeeded-live") | {"source": "another.service"}

    assert sorted(told()) == PATTERNS
    assert [pattern for pattern in PATTERNS if matches(pattern, stranger)] == []


def test_what_the_archive_replays_is_no_first_telling(matches: Matches) -> None:
    again = sample("succeeded") | {"replay-name": "again"}

    assert matches("everything", again)
    assert not matches("first-publication-only", again)
