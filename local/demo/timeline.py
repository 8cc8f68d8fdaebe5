"""The eight steps of the demo, each printed when it has happened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from local.stack.errors import StackError

STEPS = {
    "request": "the shop asks for a charge",
    "decrypted": "the gateway decrypts what we sent",
    "redirect": "the shopper is sent to 3-D Secure",
    "approval": "the shopper approves",
    "webhook": "the gateway calls our webhook",
    "status": "we ask the gateway for the status",
    "event": "a subscriber on the bus gets the event",
    "payment": "the shop reads the payment",
}
_NAMES = tuple(STEPS)
_INDENT = " " * 10


class MissingStepError(StackError):
    def __init__(self, step: str, why: str) -> None:
        self.step = step
        number = _NAMES.index(step) + 1
        later = ", ".join(f"{n} {name}" for n, name in enumerate(_NAMES, 1) if n > number)
        also = f"\nWithout it there is no: {later}." if later else ""
        super().__init__(f"Step {number} did not happen: {step} ({STEPS[step]}): {why}{also}")


class Timeline:
    """Steps are recorded in their order; a step that is left out raises MissingStepError."""

    def __init__(self, note: Callable[[str], None], write: Callable[[str], object]) -> None:
        self._note, self._write = note, write
        self.recorded: list[str] = []

    def record(self, step: str, *lines: str) -> None:
        due = _NAMES[len(self.recorded)]
        if step != due:
            raise MissingStepError(due, f"{step} came in its place")
        self.recorded.append(step)
        self._note(f"{len(self.recorded)}. {step:<10}{STEPS[step]}")
        self._write("".join(f"{_INDENT}{line}\n" for text in lines for line in text.splitlines()) + "\n")


def shown(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
