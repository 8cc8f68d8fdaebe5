"""The model of refunds and chargebacks at the gateway: who moves money back, and when the status API shows it."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final, Literal

Unanswered = Literal["lost", "late", "vanished", "not sent"]
Refusal = Literal["refused", "credentials refused", "already", "denied"]
RefundResult = Literal["answered", "vague", "declined"] | Unanswered | Refusal
"""The result of one POST for a refund.

`vague`: the answer does not show the refund. `declined`: the answer gives a reason against the refund. `already` and
`denied`: the gateway made the refund and answers with a refusal, in its own text for that case or in an unknown text.
"""

ShownAs = Literal["plainly", "as an amount", "under another word", "not at all"]
"""How the gateway's envelopes show a refund. We understand only the first; none of them denies the refund."""

SHOWN_AS: Final[dict[ShownAs, dict[str, Any]]] = {
    "plainly": {"refunded": True},
    "as an amount": {"refunded": True, "amount": Decimal(0)},
    "under another word": {"refunded": None, "raw_status": "REFUNDED"},
    "not at all": {"refunded": None},
}


@dataclass(frozen=True)
class RefundPlan:
    """The planned result of one POST for a refund. Times in seconds; together they stay well below an hour."""

    result: RefundResult = "answered"
    arrives_after: float = 0  # `late`: the POST arrives so long after its time-out
    shown_after: float = 0  # the status API shows the refund so long after it was made
    shown_as: ShownAs = "plainly"  # until the outage ends


@dataclass(frozen=True)
class RefundPost:
    """One POST for a refund that reached the gateway. `refused`: the gateway turned it down and did nothing."""

    at: float
    refused: bool


@dataclass(frozen=True)
class Reversal:
    """Money that went back to the shopper. `ours`: for a POST of ours, and not by somebody else at the gateway."""

    at: float
    plan: RefundPlan
    ours: bool

    def is_shown(self, now: float) -> bool:
        """Whether the status API shows it."""
        return self.at + self.plan.shown_after <= now


@dataclass
class Reversals:
    """The refunds and the chargeback of one charge. `denials`: the times when the status API showed no refund.

    `seen_without_refund`: the times when a person saw in the back office that no refund was made, or under way.
    `in_flight`: arrival times and plans of late POSTs. `transparent`: from now on the status API shows the truth at
    once. A refusal with an unknown text leads to one status query. If the gateway made the refund, refused it and hid
    it as well, that query would look the same as for a refund that was never made.
    """

    posts: list[RefundPost] = field(default_factory=list)
    refunds: list[Reversal] = field(default_factory=list)
    chargeback: Reversal | None = None
    in_flight: list[tuple[float, RefundPlan]] = field(default_factory=list)
    denials: list[float] = field(default_factory=list)
    seen_without_refund: list[float] = field(default_factory=list)
    transparent: bool = False

    @property
    def is_any(self) -> bool:
        """Whether money went back: the gateway makes no other refund then."""
        return bool(self.refunds) or self.chargeback is not None

    @property
    def by_others(self) -> bool:
        """Whether somebody else moved the money: the gateway refuses our POST then.

        The model accepts every other POST of ours, so that a refund that is sent twice is made twice.
        """
        return self.chargeback is not None or any(not refund.ours for refund in self.refunds)

    @property
    def ours_is_possible(self) -> bool:
        """Whether money went back for a POST of ours, or still may."""
        return bool(self.in_flight) or any(refund.ours for refund in self.refunds)

    def advance(self, now: float) -> None:
        """Late POSTs arrive. One that arrives after a reversal by others has no effect."""
        for arrives_at, plan in list(self.in_flight):
            if arrives_at <= now:
                self.in_flight.remove((arrives_at, plan))
                if not self.by_others:
                    self.refunds.append(Reversal(arrives_at, plan, ours=True))

    def recover(self, now: float) -> None:
        """Every POST has arrived, and the status API shows the truth."""
        self.advance(float("inf"))
        self.refunds = [Reversal(min(each.at, now), RefundPlan(), each.ours) for each in self.refunds]
        self.chargeback = replace(self.chargeback, plan=RefundPlan()) if self.chargeback else None

    def status_fields(self, now: float) -> dict[str, Any]:
        """The fields that the status API shows. Records a denial if they show no refund."""
        shown = [refund for refund in self.refunds if self.transparent or refund.is_shown(now)]
        if not shown:
            self.denials.append(now)
        charged_back = self.chargeback is not None and (self.transparent or self.chargeback.is_shown(now))
        fields = SHOWN_AS["plainly" if self.transparent else shown[0].plan.shown_as] if shown else {"refunded": False}
        return {"charged_back": charged_back, **fields}

    def true_fields(self) -> dict[str, Any]:
        """The fields in a webhook and in the answer to a POST."""
        return {"refunded": bool(self.refunds), "charged_back": self.chargeback is not None}
