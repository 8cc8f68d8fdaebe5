"""Scripted scenarios, each for one call and in the order they were added; without one the card decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from local.simulator.behaviour import Behaviour, BehaviourError
from local.simulator.cards import CARDS
from local.simulator.scenarios import SCENARIOS

UNSUPPORTED: Final = Behaviour("decline", message="The Card is not supported for testing.")


@dataclass(frozen=True, slots=True)
class ScriptedScenario:
    """A behaviour for the next call of one kind, of any order or of the order that is named."""

    behaviour: Behaviour
    call: str = "card"
    order_id: str | None = None

    def __post_init__(self) -> None:
        """Refuses a behaviour that could have no effect."""
        behaviour, is_list = self.behaviour, self.call in {"list", "page"}
        if self.call == "refund" and behaviour.outcome not in {"approve", "nothing"}:
            raise BehaviourError("the outcome of a refund must be one of: approve, nothing")
        if self.call != "page" and (behaviour.answer == "stale-cursor" or behaviour.answer_lie == "cursor"):
            raise BehaviourError("only a page that is asked for with a cursor can refuse or repeat it")
        if is_list and (self.order_id is not None or behaviour.answer_lie not in {"", "cursor"}):
            raise BehaviourError("a page of the list is of no order, and its rows are altered one by one")

    def fits(self, call: str, order_id: str | None) -> bool:
        return self.call == call and self.order_id in {None, order_id}


class ScriptedScenarios:
    def __init__(self) -> None:
        self._scenarios: list[ScriptedScenario] = []

    def add(self, scenario: ScriptedScenario) -> None:
        self._scenarios.append(scenario)

    def clear(self) -> None:
        self._scenarios.clear()

    @property
    def remaining(self) -> tuple[ScriptedScenario, ...]:
        return tuple(self._scenarios)

    def take(self, call: str, order_id: str | None) -> Behaviour | None:
        for position, scenario in enumerate(self._scenarios):
            if scenario.fits(call, order_id):
                del self._scenarios[position]
                return scenario.behaviour
        return None

    def take_page(self, cursor: str | None) -> Behaviour:
        """A request with a cursor takes a scenario for `page` first, then one for `list`."""
        calls = ("list",) if cursor is None else ("page", "list")
        return next((behaviour for call in calls if (behaviour := self.take(call, None)) is not None), Behaviour())


def behaviour_of_card(card_number: str) -> Behaviour:
    name = CARDS.get(card_number)
    return SCENARIOS[name] if name else UNSUPPORTED
