"""What is to happen next: one-shot plays in the order they were written, and otherwise what the card says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from local.simulator.behaviour import Play, PlayError
from local.simulator.cards import CARDS
from local.simulator.scenarios import SCENARIOS

UNSUPPORTED: Final = Play("decline", message="The Card is not supported for testing.")


@dataclass(frozen=True, slots=True)
class Line:
    """One scripted play, for the next call of its kind; of any order, or of the one that it names."""

    play: Play
    call: str = "card"
    order_id: str | None = None

    def __post_init__(self) -> None:
        """A line that could have no effect is no line."""
        play, is_list = self.play, self.call in {"list", "page"}
        if self.call == "refund" and play.outcome not in {"approve", "nothing"}:
            raise PlayError("the outcome of a refund must be one of: approve, nothing")
        if self.call != "page" and (play.answer == "stale-cursor" or play.answer_lie == "cursor"):
            raise PlayError("only a page that is asked for with a cursor can refuse or repeat it")
        if is_list and (self.order_id is not None or play.answer_lie not in {"", "cursor"}):
            raise PlayError("a page of the list is of no order, and its rows are altered one by one")

    def fits(self, call: str, order_id: str | None) -> bool:
        return self.call == call and self.order_id in {None, order_id}


class Script:
    def __init__(self) -> None:
        self._lines: list[Line] = []

    def write(self, line: Line) -> None:
        self._lines.append(line)

    def clear(self) -> None:
        self._lines.clear()

    @property
    def remaining(self) -> tuple[Line, ...]:
        return tuple(self._lines)

    def take(self, call: str, order_id: str | None) -> Play | None:
        for index, line in enumerate(self._lines):
            if line.fits(call, order_id):
                del self._lines[index]
                return line.play
        return None

    def take_page(self, cursor: str | None) -> Play:
        """A line for a page that is asked for with a cursor goes before one for any page of the list."""
        calls = ("list",) if cursor is None else ("page", "list")
        return next((play for call in calls if (play := self.take(call, None)) is not None), Play())


def by_card(card_number: str) -> Play:
    name = CARDS.get(card_number)
    return SCENARIOS[name] if name else UNSUPPORTED
