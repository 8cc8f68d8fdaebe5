"""What must hold of the way back: at every moment that nothing is sent twice, in the end that both books agree."""

from datetime import timedelta
from itertools import combinations
from typing import Final

from payments.model.history import Entry
from payments.model.payment import Payment
from tests.fakes.clock import START
from tests.proof import promises
from tests.proof.gateway_model import Charge
from tests.proof.refund_steps import Post, WayBack
from tests.proof.world import World

HOUR: Final = 3600.0
SLACK: Final = 60.0
"""Seconds between a request's entry and its POST, and between true time and the clock."""


def at_every_moment(world: World) -> None:
    """At most one refund, recorded before it is sent; nothing is said of it that is not, or may yet be otherwise."""
    for charge in world.bank.paid:
        payment, back = world.ledger.get(charge.payment_id), charge.back
        assert payment is not None
        assert sum(refund.ours for refund in back.refunds) + len(back.under_way) <= 1, "given back twice"
        assert len(back.posts) <= sum(entry.name == "refund_requested" for entry in payment.history), "not recorded"
        for earlier, later in combinations(back.posts, 2):
            assert _came_to_nothing(back, earlier, later), "sent again in doubt"
        if back.posts:
            assert not payment.is_open
            assert not payment.frees_the_order, "it was paid, whatever became of the refund"
        if payment.refund.status == "refunded":
            assert back.refunds, "said to be refunded, and is not"
        if payment.refund.status == "failed":
            assert not back.is_ours, "said to have failed, and has not, or may not have"
        if payment.chargeback.status == "charged_back":
            assert back.chargeback is not None, "said to be charged back, and is not"


def of_ours(world: World) -> None:
    """In the end: nothing is in doubt but what the bank may yet do, and what it did for us is known without a look."""
    charges = {charge.payment_id: charge for charge in world.bank.book}
    for payment in world.ledger.payments():
        assert not payment.awaits_refund or world.waits_for_the_bank(payment)
        charge = charges.get(payment.id)
        if charge is not None and charge.back.is_ours:
            names = [entry.name for entry in payment.history]
            assert payment.refund.status == "refunded", "refunded and lost"
            assert "refund_requested" in names[: names.index("refunded")]


def of_everybodys(world: World) -> None:
    """After a look at each: what was refunded and charged back behind our back is in our book, too."""
    at_every_moment(world)
    of_ours(world)
    payments = {payment.id: payment for payment in world.ledger.payments()}
    charges = {charge.payment_id: charge for charge in world.bank.book}
    for payment in payments.values():
        promises.gapless(payment)
        charge = charges.get(payment.id)
        _in_order(payment, charge.back if charge else WayBack())
        if charge is not None and charge.fate.factor == 1:
            _as_the_bank_says(payment, charge)
    promises.told(world, payments)


def _came_to_nothing(back: WayBack, earlier: Post, later: Post) -> bool:
    """It was refused; or the gateway knew nothing of it, asked twice, the last time an hour later."""
    denials = [at for at in back.denials if earlier.at <= at <= later.at]
    return earlier.refused or (len(denials) >= 2 and denials[-1] >= earlier.at + HOUR - SLACK)


def _as_the_bank_says(payment: Payment, charge: Charge) -> None:
    assert (payment.refund.status == "refunded") == bool(charge.back.refunds)
    assert (payment.chargeback.status == "charged_back") == (charge.back.chargeback is not None)


def _in_order(payment: Payment, back: WayBack) -> None:
    """Asked for, then done or failed; done once; and each entry says what was true right after it."""
    refund, chargeback = "none", "none"
    requested: Entry | None = None
    for entry in payment.history:
        match entry.name:
            case "refund_requested":
                assert refund in {"none", "failed"}
                refund, requested = "requested", entry
            case "refund_failed":
                assert refund == "requested"
                assert requested is not None
                assert entry.evidence["failure"] != "never_arrived" or _on_evidence(requested, entry, back)
                refund = "failed"
            case "refunded":
                assert refund != "refunded"
                refund = "refunded"
            case "charged_back":
                assert chargeback == "none"
                chargeback = "charged_back"
        assert (entry.refund.status, entry.chargeback.status) == (refund, chargeback)
    assert (payment.refund, payment.chargeback) == (payment.history[-1].refund, payment.history[-1].chargeback)


def _on_evidence(requested: Entry, failed: Entry, back: WayBack) -> bool:
    """The gateway has said twice that there is no refund, the last time an hour after the request."""
    since, until = ((entry.at - START).total_seconds() for entry in (requested, failed))
    denials = [at for at in back.denials if since - SLACK <= at <= until + SLACK]
    return failed.at - requested.at >= timedelta(hours=1) and len(denials) >= 2
