"""The promise of liveness: once all faults are over, each payment comes to rest, within a bound.

At rest is a payment with a final status, and a payment on a person's list: in review, or with a doubtful refund that
has raised `refund_unresolved`. The faults are over when the gateway answers and no process is killed. Webhooks may come
or not. The bound counts from then on, or from the last news about the payment if that is later: news restarts the plan
of queries. Each of the seven queries of a plan comes at the end of its wait and its jitter, and up to a minute later.
One more lease passes for a run that was killed, and the first minute after news.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from payments.follow_up.finish import LEASE
from payments.follow_up.schedule import BACK_OFF, PLAN_ENDS_AFTER
from payments.model.follow_up import FIRST_ASK
from payments.model.payment import Payment
from payments.model.status import FINAL, Status
from tests.proof.system_under_test import SystemUnderTest

RUN_EVERY: Final = timedelta(minutes=1)
QUERIES: Final = len(BACK_OFF) + 1
BOUND: Final = PLAN_ENDS_AFTER + QUERIES * RUN_EVERY + LEASE + FIRST_ASK
"""37 hours and 47 minutes, rounded up."""


def come_to_rest(system: SystemUnderTest, between: Callable[[], None] = lambda: None) -> None:
    """Runs the follow-up until nothing is due. Raises AssertionError for a payment that is too late, or never at rest.

    `between`: the other events between two runs.
    """
    watch = _Watch(system)
    for _ in system.follow_up_to_the_end():
        between()
        watch.look()
    watch.look(nothing_is_due=True)


def is_at_rest(system: SystemUnderTest, payment: Payment) -> bool:
    """Whether the payment is over, or on a person's list."""
    if payment.awaits_refund:
        return payment.id in {str(facts["payment_id"]) for facts in system.telemetry.facts_of("refund_unresolved")}
    return payment.status in FINAL or payment.status is Status.NEEDS_REVIEW


class _Watch:
    """The time of the last news about each payment since the faults were over."""

    def __init__(self, system: SystemUnderTest) -> None:
        self._system = system
        self._news: dict[str, tuple[int, float]] = {}
        self._since = system.elapsed
        self.look()

    def look(self, *, nothing_is_due: bool = False) -> None:
        now = self._system.elapsed
        for payment in self._system.ledger.payments():
            version, news_at = self._news.get(payment.id, (payment.version, self._since))
            if payment.version != version:
                news_at = now
            self._news[payment.id] = payment.version, news_at
            if not is_at_rest(self._system, payment):
                assert not nothing_is_due, f"never due again, and not at rest: {payment}"
                assert now - news_at <= BOUND.total_seconds(), f"not at rest in time: {payment}"
