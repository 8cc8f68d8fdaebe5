"""The guards of the model, broken in the code: the table, the use case or the schedule without one condition each."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from unittest import mock

from payments.charging.charge import Charged, Charging, WebhookAddress
from payments.charging.request import ChargeRequest
from payments.follow_up import schedule
from payments.model.history import Failure
from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import Submission
from payments.ports.ledger import OrderLock, Superseding
from tests.fakes.ledger import InMemoryLedger
from tests.model.promela import GUARDS
from tests.model.replay import Replay
from tests.payments.assembled import PaymentSystem


class UnconditionalClaim(InMemoryLedger):
    """A table that does not check that the payment is not there yet."""

    def claim(self, payment: Payment, lock: OrderLock | None, superseding: Superseding | None = None) -> Payment | None:
        self._table.pop(payment.id, None)
        return super().claim(payment, lock, superseding)


class UnconditionalSave(InMemoryLedger):
    """A table that does not check that nothing was written since the copy was read."""

    def save(self, before: Payment, after: Payment) -> Payment:
        return super().save(self._as_if_fresh(before), after)

    def _as_if_fresh(self, copy: Payment) -> Payment:
        stored = self.get(copy.id)
        return replace(copy, revision=stored.revision) if stored else copy


class UnconditionalRelease(InMemoryLedger):
    """A table that deletes a claim whatever was done with it since."""

    def release(self, payment: Payment) -> bool:
        return self._table.pop(payment.id, None) is not None


class UnconditionalSuperseding(UnconditionalSave):
    """A table that marks the left payment though it was written since. Every other save is as it is."""

    def save(self, before: Payment, after: Payment) -> Payment:
        superseding = after.superseded_at is not None and before.superseded_at is None
        return InMemoryLedger.save(self, self._as_if_fresh(before) if superseding else before, after)


class SilenceIsFailure(Charging):
    """A charge that takes a missing answer for a failure."""

    def _in_doubt(self, payment: Payment, why: str, **_: Any) -> Payment:
        return self._failed(payment, Failure("no_answer", why), {})


class SentAgain(Charging):
    """A charge that sends again for a retry while its payment is still processing."""

    def charge(self, request: ChargeRequest, webhook_url: WebhookAddress, seconds: float) -> Charged:
        charged = super().charge(request, webhook_url, seconds)
        payment = charged.payment
        if not charged.replayed or payment.status is not Status.PROCESSING:
            return charged
        wire = Submission(
            money=request.money,
            card=request.card,
            shopper=request.shopper,
            redirect_url=request.redirect_url,
            webhook_url=webhook_url(payment.id),
            order_id=payment.wire_order_id,
        )
        return Charged(self._submit(payment, wire, self.clock() + timedelta(seconds=seconds)))


@contextmanager
def _constant(name: str, value: object) -> Iterator[Replay]:
    with mock.patch.object(schedule, name, value):
        yield Replay(PaymentSystem())


@contextmanager
def _built(build: Callable[[], Replay]) -> Iterator[Replay]:
    yield build()


BROKEN: Final = {
    "claim unconditional": lambda: _built(lambda: Replay(PaymentSystem(ledger=UnconditionalClaim()))),
    "save unconditional": lambda: _built(lambda: Replay(PaymentSystem(ledger=UnconditionalSave()))),
    "release unconditional": lambda: _built(lambda: Replay(PaymentSystem(ledger=UnconditionalRelease()))),
    "superseding unconditional": lambda: _built(lambda: Replay(PaymentSystem(ledger=UnconditionalSuperseding()))),
    "silence is failure": lambda: _built(lambda: Replay(PaymentSystem(), SilenceIsFailure)),
    "sent again on retry": lambda: _built(lambda: Replay(PaymentSystem(), SentAgain)),
    "never arrived after one answer": lambda: _constant("NEVER_ARRIVED_ASKS", 1),
    "never arrived within the hour": lambda: _constant("NEVER_ARRIVED_AFTER", timedelta()),
}
"""Each guard's name → the code with that guard broken, ready to replay a trace."""


def replayed(broken_name: str, steps: tuple[str, ...]) -> set[str]:
    """The promises that the code breaks on a trace, with this guard broken. Raises AssertionError off the trace."""
    with BROKEN[broken_name]() as replay:
        replay.run(steps)
        return replay.broken_promises()


def kept(steps: tuple[str, ...]) -> set[str] | None:
    """The promises that the code as it is breaks on a trace; None when it takes other steps."""
    replay = Replay(PaymentSystem())
    try:
        replay.run(steps)
    except AssertionError:
        return None
    return replay.broken_promises()


assert BROKEN.keys() == {guard.broken_name for guard in GUARDS}
