"""Writes the model of one payment in Promela, from the code's own transition table and the list of its guards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payments.follow_up.schedule import NEVER_ARRIVED_ASKS
from payments.model.status import OPEN, TRANSITIONS, Status

TEMPLATE: Final = Path(__file__).with_name("charge.pml.in")
FOLLOW_UP: Final = 10
WEBHOOK: Final = 11
"""The names of processes in a trace; the requests of the shop are numbered from 0."""

SAID_IN_THE_MODEL: Final = (Status.PROCESSING, Status.REQUIRES_ACTION, Status.SUCCEEDED, Status.FAILED)
"""What the gateway says. Processing is a word without a verdict. Blocked and abandoned move as failed does, and pending
as requires_action does: they would multiply the states and add no behaviour."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that the promise rests on, as it is in the code, and broken. `broken_name`: how it is broken."""

    name: str
    holds: str
    broken: str
    broken_name: str


GUARDS: Final = (
    Guard("CLAIM_IF", "!recorded", "true", "claim unconditional"),
    Guard("SAVE_IF", "!(stale & mine)", "true", "save unconditional"),
    Guard("RELEASE_IF", "row.status == PROCESSING && !published && !row.marked", "true", "release unconditional"),
    Guard("LEASE_IF", "!due_moved", "true", "lease unconditional"),
    Guard("ON_SILENCE", "IN_DOUBT", "FAIL", "silence is failure"),
    Guard("RESEND_IF", "false", "me.status == PROCESSING", "sent again on retry"),
)
HARMLESS: Final = frozenset({"lease unconditional"})
"""The lease saves work. Breaking it must violate nothing: the saves are conditional all the same."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The size of an instance. `last_ask` stands for the length of the back-off plan, `deaths` are the follow-up's."""

    shops: int = 2
    webhooks: int = 1
    deaths: int = 1
    last_ask: int = 2
    confirmed_asks: int = 2


INSTANCES: Final = {
    "two requests and the follow-up": Bounds(webhooks=0, deaths=0, last_ask=1, confirmed_asks=1),
    "one request, the follow-up and a webhook": Bounds(shops=1, deaths=0, last_ask=1, confirmed_asks=1),
}
"""What is explored to its end. All four processes at once have more states than a few minutes allow."""


def number_of(status: Status) -> int:
    """The number of a status in the model and its traces, from 1."""
    return list(Status).index(status) + 1


def model(broken: str | None = None, bounds: Bounds | None = None) -> str:
    """The model; `broken` names the guard that is broken in it."""
    bounds = bounds or Bounds()
    defines = {status.name: str(number_of(status)) for status in Status} | {
        "IS_OPEN(s)": _one_of("s", OPEN),
        "MAY_BECOME(s, to)": may_become(TRANSITIONS),
        "FOLLOW_UP": str(FOLLOW_UP),
        "WEBHOOK": str(WEBHOOK),
        "SHOPS": str(bounds.shops),
        "WEBHOOKS": str(bounds.webhooks),
        "EVERYBODY": str((4 << bounds.shops) - 1),
        "DEATHS": str(bounds.deaths),
        "LAST_ASK": str(bounds.last_ask),
        "CONFIRMED_ASKS": str(bounds.confirmed_asks),
        "NEVER_ARRIVED_ASKS": str(NEVER_ARRIVED_ASKS),
        "NEVER_ARRIVED": "(me.not_found >= NEVER_ARRIVED_ASKS && hour)",
        **{guard.name: guard.holds for guard in GUARDS},
        **{guard.name: guard.broken for guard in GUARDS if guard.broken_name == broken},
    }
    said = [status for status in Status if status in SAID_IN_THE_MODEL]
    fields = ["status", "marked", "answered", "arrived", "ask", "replanned", "not_found", "asks"]
    parts = {
        "HEAD": "Written by tests/model/promela.py." + (f" Broken: {broken}." if broken else ""),
        "DEFINES": "\n".join(f"#define {name} {text}" for name, text in defines.items()),
        "ANY_STATUS": " ".join(f":: s = {status.name}" for status in said),
        "SHOPS": " ".join(f"run Shop({n});" for n in range(bounds.shops)),
        "CLEAR": "; ".join(f"me.{field} = 0" for field in fields),
    }
    text = TEMPLATE.read_text()
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def may_become(table: Mapping[Status, Iterable[Status]]) -> str:
    """The transition table as one expression of Promela."""
    rows = (f"((s) == {status.name} && {_one_of('to', to)})" for status, to in table.items() if to)
    return "(" + " || ".join(rows) + ")"


def _one_of(name: str, statuses: Iterable[Status]) -> str:
    chosen = set(statuses)
    return "(" + " || ".join(f"({name}) == {status.name}" for status in Status if status in chosen) + ")"
