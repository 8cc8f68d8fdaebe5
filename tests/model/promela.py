"""Writes the model of one payment in Promela, from the code's own transition table and the list of its guards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payments.follow_up.schedule import BACK_OFF, CONFIRMED_ASKS, NEVER_ARRIVED_ASKS
from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status

TEMPLATE: Final = Path(__file__).with_name("charge.pml.in")
FOLLOW_UP: Final = 10
WEBHOOK: Final = 20
NEW_KEY: Final = 30
"""The names of processes in a trace; the requests of the shop are numbered from 0."""

SAID_IN_THE_MODEL: Final = (Status.PROCESSING, Status.REQUIRES_ACTION, Status.SUCCEEDED, Status.FAILED)
"""What the gateway says. Processing is a word without a verdict. Blocked and abandoned move as failed does, and pending
as requires_action does: they would multiply the states and add no behaviour."""


TWO_CHARGES: Final = "charges<=1"
ILLEGAL_MOVE: Final = "is_legal_move"
SHOWN_IS_GONE: Final = "!(shown)"
LOST_CHARGE: Final = "||(recorded&&((row.status=="
"""The assertions of the promises, as the checker prints them, without the part that differs."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The size of an instance: its processes, and the queries of the back-off plan after which a person is asked.

    `copies`: each process keeps its copy of the item, also where the guards make it needless.
    """

    shops: int = 1
    follow_ups: int = 1
    webhooks: int = 0
    new_keys: int = 0
    last_ask: int = 1
    confirmed_asks: int = 1
    copies: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that the promise rests on, as it is in the code, and broken. `costs`: the promise that then breaks.

    `bounds`: the smallest instance in which it does.
    """

    name: str
    holds: str
    broken: str
    broken_name: str
    costs: str
    bounds: Bounds = Bounds(shops=2)

    def breaks(self, violation: str | None) -> bool:
        """Whether a violation is that of the promise."""
        return violation is not None and self.costs in violation.replace(" ", "")


GUARDS: Final = (
    Guard("CLAIM_IF", "!recorded", "true", "claim unconditional", TWO_CHARGES),
    Guard("SAVE_IF", "!(stale & mine)", "true", "save unconditional", ILLEGAL_MOVE, Bounds(copies=True)),
    Guard(
        "RELEASE_IF",
        "row.status == PROCESSING && !published && !row.marked",
        "true",
        "release unconditional",
        SHOWN_IS_GONE,
    ),
    Guard("ON_SILENCE", "IN_DOUBT", "FAIL", "silence is failure", LOST_CHARGE, Bounds()),
    Guard("RESEND_IF", "false", "row.status == PROCESSING", "sent again on retry", TWO_CHARGES),
    Guard(
        "NEVER_ARRIVED",
        "row.not_found >= NEVER_ARRIVED_ASKS && hour",
        "row.not_found >= 1 && hour",
        "never arrived after one answer",
        LOST_CHARGE,
        Bounds(),
    ),
    Guard(
        "NEVER_ARRIVED",
        "row.not_found >= NEVER_ARRIVED_ASKS && hour",
        "row.not_found >= NEVER_ARRIVED_ASKS",
        "never arrived within the hour",
        LOST_CHARGE,
        Bounds(),
    ),
    Guard("TAKE_IF", "!(stale & mine)", "true", "superseding unconditional", ILLEGAL_MOVE, Bounds(new_keys=1)),
)

INSTANCES: Final = {
    "two requests and the follow-up": Bounds(shops=2),
    "the same, with each process's copy of the item": Bounds(shops=2, copies=True),
    "one request and two overlapping follow-ups": Bounds(follow_ups=2),
    "one request, the follow-up, a webhook and a new key": Bounds(webhooks=1, new_keys=1),
    "one request, the follow-up and a webhook, with the whole plan": Bounds(
        webhooks=1, last_ask=len(BACK_OFF), confirmed_asks=CONFIRMED_ASKS
    ),
    "two requests, the follow-up and a webhook": Bounds(shops=2, webhooks=1),
}
"""What is explored to its end. Requests and webhooks may die at each step, a follow-up at each step of each run."""


def number_of(status: Status) -> int:
    """The number of a status in the model and its traces, from 1."""
    return list(Status).index(status) + 1


def model(
    broken: str | None = None,
    bounds: Bounds | None = None,
    table: Mapping[Status, frozenset[Status]] = TRANSITIONS,
) -> str:
    """The model of an instance. `broken`: the guard that is broken in it. `table`: the transitions."""
    bounds = bounds or Bounds()
    defines = {status.name: str(number_of(status)) for status in Status} | {
        "IS_OPEN(s)": _one_of("s", OPEN),
        "FREES(s)": _one_of("s", FREES_THE_ORDER),
        "MAY_BECOME(s, to)": may_become(table),
        "FOLLOW_UP": str(FOLLOW_UP),
        "WEBHOOK": str(WEBHOOK),
        "NEW_KEY": str(NEW_KEY),
        "SHOPS": str(bounds.shops),
        "FOLLOW_UPS": str(bounds.follow_ups),
        "WEBHOOKS": str(bounds.webhooks),
        "TRACKED": "255" if bounds.copies else "(1 << (SHOPS + FOLLOW_UPS + WEBHOOKS))",
        "LAST_ASK": str(bounds.last_ask),
        "CONFIRMED_ASKS": str(bounds.confirmed_asks),
        "NEVER_ARRIVED_ASKS": str(NEVER_ARRIVED_ASKS),
        **{guard.name: f"({guard.holds})" for guard in GUARDS},
        **{guard.name: f"({guard.broken})" for guard in GUARDS if guard.broken_name == broken},
    }
    said = [status for status in Status if status in SAID_IN_THE_MODEL]
    parts = {
        "HEAD": "Written by tests/model/promela.py." + (f" Broken: {broken}." if broken else ""),
        "DEFINES": "\n".join(f"#define {name} {text}" for name, text in defines.items()),
        "ANY_STATUS": " ".join(f":: s = {status.name}" for status in said),
        "PROCESSES": " ".join(
            [
                *(f"run Shop({n});" for n in range(bounds.shops)),
                *(f"run FollowUp({n});" for n in range(bounds.follow_ups)),
                *(f"run Webhook({n});" for n in range(bounds.webhooks)),
                *("run NewKey();" for n in range(bounds.new_keys)),
            ]
        ),
    }
    text = TEMPLATE.read_text()
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


def may_become(table: Mapping[Status, Iterable[Status]]) -> str:
    """The transition table as one expression of Promela: a set of bits for each status."""
    rows = (f"((s) == {status.name}) * {sum(1 << number_of(each) for each in to)}" for status, to in table.items())
    return f"((({' + '.join(rows)}) >> (to)) & 1)"


def _one_of(name: str, statuses: Iterable[Status]) -> str:
    chosen = set(statuses)
    return "(" + " || ".join(f"({name}) == {status.name}" for status in Status if status in chosen) + ")"
