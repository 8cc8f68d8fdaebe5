"""The behaviour for one request: its outcome, and how the answer, the webhook and the status endpoint behave.

The four are independent. A scenario is a named behaviour; a script may override any part of it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.simulator.exact_json import Json

OUTCOMES: Final[dict[str, str | None]] = {
    "approve": "SUCCESS",
    "decline": "FAILED",
    "block": "BLOCKED",
    "redirect": "REDIRECT",
    "pending": "PENDING",
    "init": "INIT",
    "abandon": "ABANDONED",
    "unknown": "QUARANTINED",  # a status that no document names: clients must expect one
    "nothing": None,  # the request never reaches the bank
}
ANSWERS: Final = (
    "plain", "held", "stalled", "timeout", "reset", "cut-off", "server-error", "garbage", "truncated", "slow",
    "slow-drip", "too-large", "elsewhere", "refused-422", "refused-400", "bad-credentials", "forbidden", "unavailable",
    "stale-cursor",
)  # fmt: skip
WEBHOOKS: Final = ("prompt", "first", "unsigned", "wrongly-signed", "duplicate", "late", "reordered", "lost")
STATUSES: Final = ("plain", "missing", "unavailable", "lagging")
LIES: Final = ("", "amount", "currency", "order_id", "transaction_id", "status", "refund")

_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "outcome": tuple(OUTCOMES),
    "answer": ANSWERS,
    "webhook": WEBHOOKS,
    "status": STATUSES,
    "answer_lie": (*LIES, "cursor"),
    "webhook_lie": LIES,
    "status_lie": LIES,
}


class BehaviourError(ValueError):
    """A behaviour with an unknown part or value."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    outcome: str = "approve"
    message: str | None = None  # the envelope's message, or the refusal's
    answer: str = "plain"
    answer_code: int = 200
    answer_seconds: float | None = None  # how long a slow, dripping or hanging answer takes
    answer_bytes: int = 100 * 1024 * 1024  # how large a too-large answer is
    answer_lie: str = ""
    errors: tuple[Mapping[str, str], ...] = ()  # the field errors of a 422
    webhook: str = "prompt"
    webhook_seconds: float = 1.0  # how late a late one is
    webhook_times: int = 3  # how often a duplicate one arrives
    webhook_lie: str = ""
    status: str = "plain"
    status_times: int = 1  # how many status requests are answered wrongly first
    status_lie: str = ""

    def with_changes(self, changes: Mapping[str, Json]) -> Behaviour:
        known = {field.name for field in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise BehaviourError(f"a behaviour has no {name}")
            if name in _CHOICES and value not in _CHOICES[name]:
                raise BehaviourError(f"{name} must be one of: {', '.join(filter(None, _CHOICES[name]))}")
        return replace(self, **{name: _plain(name, value) for name, value in changes.items()})

    def overridden_by(self, scripted: Behaviour) -> Behaviour:
        """This, the card's behaviour, with the webhook and status parts of the scripted one where those are set."""
        kinds = {"webhook": (scripted.webhook, scripted.webhook_lie), "status": (scripted.status, scripted.status_lie)}
        default = {"webhook": ("prompt", ""), "status": ("plain", "")}
        scripted_parts = tuple(kind for kind, part in kinds.items() if part != default[kind])
        names = [field.name for field in fields(self) if field.name.startswith(scripted_parts)]
        return replace(self, **{name: getattr(scripted, name) for name in names})

    def summary(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in ("outcome", "answer", "webhook", "status")}

    @property
    def verdict(self) -> str | None:
        return OUTCOMES[self.outcome]


def _plain(name: str, value: Json) -> Json:
    """JSON has one kind of number and no tuples."""
    try:
        if name in {"answer_seconds", "webhook_seconds"}:
            return None if value is None else float(value)
        if name in {"answer_code", "answer_bytes", "webhook_times", "status_times"}:
            return int(value)
        if name == "errors":
            return tuple({"field": str(e["field"]), "message": str(e["message"])} for e in value)
    except (TypeError, ValueError, KeyError):
        raise BehaviourError(f"{name} has the wrong type") from None
    return value
