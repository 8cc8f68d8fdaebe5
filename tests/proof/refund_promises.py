"""The promises about refunds: at every moment nothing is refunded twice; in the end our records match the gateway's."""

from datetime import timedelta
from itertools import combinations
from typing import Final

from payments.model.history import Entry
from payments.model.payment import Payment
from payments.model.status import Status
from tests.fakes.clock import START
from tests.proof import promises
from tests.proof.gateway_model import Charge
from tests.proof.refund_model import RefundPost, Reversals
from tests.proof.system_under_test import SystemUnderTest

HOUR: Final = 3600.0
NO_MONEY: Final = {Status.FAILED, Status.BLOCKED, Status.ABANDONED}
SLACK: Final = 60.0
"""Seconds between the entry of a request and its POST, and between true time and the clock."""


def at_every_moment(system: SystemUnderTest) -> None:
    """At most one refund, recorded before it is sent; no refund, failure or chargeback is recorded that is not true."""
    for charge in system.gateway.paid:
        payment, reversals = system.ledger.get(charge.payment_id), charge.reversals
        assert payment is not None
        assert sum(refund.ours for refund in reversals.refunds) + len(reversals.in_flight) <= 1, "refunded twice"
        requested = sum(entry.name == "refund_requested" for entry in payment.history)
        assert len(reversals.posts) <= requested, "sent without a record"
        for earlier, later in combinations(reversals.posts, 2):
            assert _has_failed(reversals, earlier, later), "sent again while in doubt"
        if reversals.posts:
            assert not payment.is_open
            assert payment.status not in NO_MONEY, "the payment is paid, whatever the outcome of the refund"
        if payment.refund.status == "refunded":
            assert reversals.refunds, "recorded as refunded, but not refunded"
        if payment.refund.status == "failed":
            assert not reversals.ours_is_possible, "recorded as failed, but made or still possible"
        if payment.chargeback.status == "charged_back":
            assert reversals.chargeback is not None, "recorded as charged back, but not charged back"


def our_refunds_are_recorded(system: SystemUnderTest) -> None:
    """In the end: a refund for a POST of ours is recorded; only a refund that the gateway still owes is in doubt."""
    charges = {charge.payment_id: charge for charge in system.gateway.charges}
    for payment in system.ledger.payments():
        if payment.live != system.live:
            continue  # no query is possible: liveness sees to it that a person is called
        assert not payment.awaits_refund or system.awaits_gateway(payment)
        charge = charges.get(payment.id)
        if charge is not None and charge.reversals.ours_is_possible:
            names = [entry.name for entry in payment.history]
            assert payment.refund.status == "refunded", "the refund is lost"
            assert "refund_requested" in names[: names.index("refunded")]


def all_reversals_are_recorded(system: SystemUnderTest) -> None:
    """After a refresh of each payment: refunds and chargebacks by others are recorded, too."""
    at_every_moment(system)
    our_refunds_are_recorded(system)
    payments = {payment.id: payment for payment in system.ledger.payments()}
    charges = {charge.payment_id: charge for charge in system.gateway.charges}
    for payment in payments.values():
        promises.history_is_gapless(payment)
        charge = charges.get(payment.id)
        _entries_are_in_order(payment, charge.reversals if charge else Reversals())
        if charge is not None and charge.plan.amount_factor == 1 and payment.live == system.live:
            _matches_the_gateway(payment, charge)
    promises.events_match_history(system, payments)


def _has_failed(reversals: Reversals, earlier: RefundPost, later: RefundPost) -> bool:
    """The earlier POST was refused; or two queries before the later one denied it, the last one an hour after it.

    Or a person saw between the two that no refund was made.
    """
    denials = [at for at in reversals.denials if earlier.at <= at <= later.at]
    is_denied = len(denials) >= 2 and denials[-1] >= earlier.at + HOUR - SLACK
    return earlier.refused or is_denied or any(earlier.at <= at <= later.at for at in reversals.seen_without_refund)


def _matches_the_gateway(payment: Payment, charge: Charge) -> None:
    assert (payment.refund.status == "refunded") == bool(charge.reversals.refunds)
    assert (payment.chargeback.status == "charged_back") == (charge.reversals.chargeback is not None)


def _entries_are_in_order(payment: Payment, reversals: Reversals) -> None:
    """A refund is requested, then refunded or failed; refunded once. Each entry has the state right after it."""
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
                assert entry.evidence["failure"] != "never_arrived" or _has_evidence(requested, entry, reversals)
                refund = "failed"
            case "refunded":
                assert refund != "refunded"
                refund = "refunded"
            case "charged_back":
                assert chargeback == "none"
                chargeback = "charged_back"
        assert (entry.refund.status, entry.chargeback.status) == (refund, chargeback)
    assert (payment.refund, payment.chargeback) == (payment.history[-1].refund, payment.history[-1].chargeback)


def _has_evidence(requested: Entry, failed: Entry, reversals: Reversals) -> bool:
    """Whether two queries denied the refund, and it failed an hour after the request or later."""
    since, until = ((entry.at - START).total_seconds() for entry in (requested, failed))
    denials = [at for at in reversals.denials if since - SLACK <= at <= until + SLACK]
    return failed.at - requested.at >= timedelta(hours=1) and len(denials) >= 2
