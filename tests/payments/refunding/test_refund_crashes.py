"""A refund that dies at any step: what remains, that no repeat sends what is in doubt, and that the follow-up ends it."""

from contextlib import suppress
from dataclasses import dataclass

import pytest

from payments.errors import PaymentsError
from payments.model.payment import Payment
from payments.ports.gateway import NoAnswer, NotSent, Refused
from payments.refunding.eligibility import NotRefundable
from payments.refunding.refund import Refunding
from tests.fakes import samples
from tests.fakes.crashing_ledger import Crash, Fuse, Wired
from tests.fakes.gateway import Refunds
from tests.payments.assembled import PaymentSystem


@dataclass(frozen=True)
class Story:
    """What the gateway does with the refund; `done`: whether the money goes back."""

    outcome: Refunds
    done: bool


STORIES = {
    "done": Story(Refunds(), done=True),
    "done without an answer": Story(Refunds(error=NoAnswer("reset")), done=True),
    "done and refused": Story(Refunds(error=Refused("no")), done=True),
    "lost on the way": Story(Refunds(done=False, error=NoAnswer("reset")), done=False),
    "refused": Story(Refunds(done=False, error=Refused("no")), done=False),
    "never sent": Story(Refunds(done=False, error=NotSent("no route")), done=False),
}
STEPS = 13
"""One more than any story has: two a call, and six calls where a refusal is looked into."""


def dies(system: PaymentSystem, payment: Payment, at: int) -> str | None:
    """A refund that dies at that step: the step's name, None when it was over before."""
    fuse = Fuse(at)
    refunding = Refunding(Wired(system.ledger, fuse), Wired(system.gateway, fuse), system.clock, system.telemetry)
    try:
        refunding.refund(payment, samples.refund_request(), 20.0)
    except Crash as crash:
        return str(crash)
    except PaymentsError:
        return None
    return None


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", STORIES)
def test_the_follow_up_finds_out_what_became_of_it(system: PaymentSystem, name: str, at: int) -> None:
    paid, story = system.paid(), STORIES[name]
    system.gateway.will_refund(story.outcome)
    dies(system, paid, at)
    sent = len(system.gateway.refund_posts)
    system.follow_up_until(lambda: system.nothing_is_due)

    refund, (booked,) = system.reload(paid).refund, system.gateway.book
    assert (refund.status == "refunded") == booked.refunded, "our book says what the bank's says"
    assert refund.status != "requested"
    assert booked.refunded == (story.done and sent == 1)
    assert len(system.gateway.refund_posts) == sent <= 1, "the follow-up asks, it never sends"
    published = [event.type for event in system.bus.events if event.payment_id == paid.id]
    assert len(published) == system.reload(paid).version


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", STORIES)
def test_a_repeat_never_sends_what_may_have_been_sent(system: PaymentSystem, name: str, at: int) -> None:
    paid, story = system.paid(), STORIES[name]
    system.gateway.will_refund(story.outcome)
    dies(system, paid, at)
    may_have_left = bool(system.gateway.refund_posts) and name != "never sent"
    system.gateway.will_refund(Refunds())
    for key in ("refund-1", "refund-1", "refund-2"):
        with suppress(PaymentsError):
            system.refund(paid, samples.refund_request(idempotency_key=key))

    # What the gateway refused, or never got, may be sent under another key, or again; nothing else may.
    refused = system.reload(paid).refund_attempt
    again = name in ("refused", "never sent") and refused is not None
    assert len(system.gateway.refund_posts) <= (1 if may_have_left and not again else 2)
    system.follow_up_until(lambda: system.nothing_is_due)
    assert (system.reload(paid).refund.status == "refunded") == system.gateway.book[0].refunded


def test_the_steps_are_all_there_are(system: PaymentSystem) -> None:
    paid = system.paid()
    for name, story in STORIES.items():
        system.gateway.will_refund(story.outcome)
        with suppress(NotRefundable):
            assert dies(system, paid, STEPS) is None, name
