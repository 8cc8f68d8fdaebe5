"""The rooms of the money path, and for each one the tests that must notice a mutant in it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Room:
    """A room, and the folders or files of `tests/payments` with the tests that run for each of its mutants."""

    name: str
    tests: tuple[str, ...]


_LEDGER_ON_MOTO: Final = (
    "moto",
    "table_failures",
    "throttling",
    "hanging_table",
    "backlog",
    "items",
    "checkpoints",
    "lagging_index",
    "consistent_reads",
)

ROOMS: Final = (
    Room("model", ("model", "charging", "outcome", "refunding", "follow_up", "events")),
    Room("charging", ("charging",)),
    Room("outcome", ("outcome", "charging/test_charge.py")),
    Room("refunding", ("refunding",)),
    Room("follow_up", ("follow_up",)),
    Room("ledger", tuple(f"ledger/test_{name}.py" for name in _LEDGER_ON_MOTO)),
    Room("gateway", ("gateway",)),
    Room("webhooks", ("webhooks",)),
    Room("events", ("events",)),
    Room("reconciliation", ("reconciliation",)),
)
"""In this order `make mutants-all` runs them."""


def room_of(path: str) -> Room | None:
    """The room of a file, named from the root of the repository; None for any other file."""
    return next((room for room in ROOMS if path.startswith(f"functions/payments/{room.name}/")), None)
