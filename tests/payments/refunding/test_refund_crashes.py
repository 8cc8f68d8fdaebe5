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
from tests.payments.assembled import House


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


def dies(house: House, payment: Payment, at: int) -> str | None:
    """A refund that dies at that step: the step's name, None when it was over before."""
    fuse = Fuse(at)
    refunding = Refunding(Wired(house.ledger, fuse), Wired(house.gateway, fuse), house.clock, house.telemetry)
    try:
        refunding.refund(payment, samples.refund_request(), 20.0)
    except Crash as crash:
        return str(crash)
    except PaymentsError:
        return None
    return None


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", STORIES)
def test_the_follow_up_finds_out_what_became_of_it(house: House, name: str, at: int) -> None:
    paid, story = house.paid(), STORIES[name]
    house.gateway.will_refund(story.outcome)
    dies(house, paid, at)
    sent = len(house.gateway.refund_posts)
    house.follow_up_until(lambda: house.settled)

    refund, (booked,) = house.standing(paid).refund, house.gateway.book
    assert (refund.status == "refunded") == booked.refunded, "our book says what the bank's says"
    assert refund.status != "requested"
    assert booked.refunded == (story.done and sent == 1)
    assert len(house.gateway.refund_posts) == sent <= 1, "the follow-up asks, it never sends"
    published = [event.type for event in house.bus.events if event.payment_id == paid.id]
    assert len(published) == house.standing(paid).version


@pytest.mark.parametrize("at", range(STEPS))
@pytest.mark.parametrize("name", STORIES)
def test_a_repeat_never_sends_what_may_have_been_sent(house: House, name: str, at: int) -> None:
    paid, story = house.paid(), STORIES[name]
    house.gateway.will_refund(story.outcome)
    dies(house, paid, at)
    may_have_left = bool(house.gateway.refund_posts) and name != "never sent"
    house.gateway.will_refund(Refunds())
    for key in ("refund-1", "refund-1", "refund-2"):
        with suppress(PaymentsError):
            house.refund(paid, samples.refund_request(idempotency_key=key))

    # What the gateway refused, or never got, may be sent under another key, or again; nothing else may.
    refused = house.standing(paid).refund_attempt
    again = name in ("refused", "never sent") and refused is not None
    assert len(house.gateway.refund_posts) <= (1 if may_have_left and not again else 2)
    house.follow_up_until(lambda: house.settled)
    assert (house.standing(paid).refund.status == "refunded") == house.gateway.book[0].refunded


def test_the_steps_are_all_there_are(house: House) -> None:
    paid = house.paid()
    for name, story in STORIES.items():
        house.gateway.will_refund(story.outcome)
        with suppress(NotRefundable):
            assert dies(house, paid, STEPS) is None, name
