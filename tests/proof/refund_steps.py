"""The way back at the bank: what becomes of a refund, who else moves money there, and when the status API shows it."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal

Unheard = Literal["lost", "late", "vanished", "not sent"]
Refusal = Literal["refused", "credentials refused", "already", "denied"]
BackHow = Literal["answered", "vague", "declined"] | Unheard | Refusal
"""`vague` is an answer that does not show the refund; `declined` one that says why there is none. Of the refusals
`already` and `denied` come of a refund that was done, in the gateway's words for that or in words that nobody knows."""

Shown = Literal["plainly", "as an amount", "under another word", "not at all"]
"""How the gateway's envelopes show a refund. Only the first is understood; none is a word against it."""

SHOWN: Final[dict[Shown, dict[str, Any]]] = {
    "plainly": {"refunded": True},
    "as an amount": {"refunded": True, "amount": Decimal(0)},
    "under another word": {"refunded": None, "raw_status": "REFUNDED"},
    "not at all": {"refunded": None},
}


@dataclass(frozen=True)
class Way:
    """What is to become of one POST for a refund. Times in seconds; together they stay well below the hour."""

    how: BackHow = "answered"
    late: float = 0  # it gets in so long after its answer was given up
    stale: float = 0  # the status API shows it so long after
    shown: Shown = "plainly"  # and then like this, until all is well


@dataclass(frozen=True)
class Post:
    """One POST for a refund that reached the gateway. `refused`: turned down, and nothing done."""

    at: float
    refused: bool


@dataclass(frozen=True)
class Moved:
    """Money that went back: by a POST of ours, or (`ours` is false) behind our back."""

    at: float
    way: Way
    ours: bool

    def is_shown(self, now: float) -> bool:
        """Whether the status API shows it."""
        return self.at + self.way.stale <= now


@dataclass
class WayBack:
    """What the bank knows of one charge's way back. `denials`: when the status API said that there was no refund.

    `clear`: a refusal in words that nobody knows is looked into once, at once. From there on the status tells the
    truth: who refuses what he has done, and hides it as well, cannot be told from one who has not.
    """

    posts: list[Post] = field(default_factory=list)
    refunds: list[Moved] = field(default_factory=list)
    chargeback: Moved | None = None
    under_way: list[tuple[float, Way]] = field(default_factory=list)
    denials: list[float] = field(default_factory=list)
    clear: bool = False

    @property
    def is_over(self) -> bool:
        """The money is gone: the gateway refunds nothing more."""
        return bool(self.refunds) or self.chargeback is not None

    @property
    def behind_our_back(self) -> bool:
        """Somebody else did it, and the gateway says so. (Of ours it takes every POST: who sends twice, pays twice.)"""
        return self.chargeback is not None or any(not refund.ours for refund in self.refunds)

    @property
    def is_ours(self) -> bool:
        """The money went back for a POST of ours, or may yet."""
        return bool(self.under_way) or any(refund.ours for refund in self.refunds)

    def catch_up(self, now: float) -> None:
        """What was under way for long enough gets in, unless somebody was quicker."""
        for arrives, way in list(self.under_way):
            if arrives <= now:
                self.under_way.remove((arrives, way))
                if not self.behind_our_back:
                    self.refunds.append(Moved(arrives, way, ours=True))

    def heal(self, now: float) -> None:
        """Everything has arrived, and the status API shows it as it is."""
        self.catch_up(float("inf"))
        self.refunds = [Moved(min(each.at, now), Way(), each.ours) for each in self.refunds]
        self.chargeback = replace(self.chargeback, way=Way()) if self.chargeback else None

    def told(self, now: float) -> dict[str, Any]:
        """What the status API says of it; notes a denial."""
        shown = [refund for refund in self.refunds if self.clear or refund.is_shown(now)]
        if not shown:
            self.denials.append(now)
        taken = self.chargeback is not None and (self.clear or self.chargeback.is_shown(now))
        how = SHOWN["plainly" if self.clear else shown[0].way.shown] if shown else {"refunded": False}
        return {"charged_back": taken, **how}

    def truth(self) -> dict[str, Any]:
        """What a webhook says of it, and the answer of a POST."""
        return {"refunded": bool(self.refunds), "charged_back": self.chargeback is not None}
