"""The promises about the reconciliation: nothing that the list shows is skipped, wherever its calls are cut off."""

from payments.gateway.status_words import VERDICTS
from payments.model.payment import Payment
from payments.model.status import Status
from payments.reconciliation.checkpoint import Checkpoint
from tests.fakes.clock import START
from tests.proof.gateway_model import FINAL, NO_MONEY, Charge
from tests.proof.list_model import moment
from tests.proof.operated_system import OperatedSystem
from tests.proof.reached import reached

SLACK = 6.0
"""Seconds between true time and the clock."""


def every_listed_fact_is_recorded_or_reported(system: OperatedSystem, checkpoint: Checkpoint) -> None:
    """A finished reconciliation: what the list showed when it began is in the payment, or a line in the report."""
    reported = system.reported(checkpoint)
    if not checkpoint.is_complete:
        reached("a reconciliation of an incomplete list")
        return
    horizon = (checkpoint.started_at - START).total_seconds() - system.listing.lag - SLACK
    for charge in system.gateway.charges:
        is_compared = any(span.contains(moment(charge.at)) for span in checkpoint.compared)
        if charge.live != checkpoint.live or charge.at > horizon or not is_compared:
            continue
        payment = system.ledger.get(charge.payment_id)
        assert payment is not None
        if payment.id in reported:
            reached("a line in a report")
        assert payment.id in reported or _has_all_facts(payment, charge, horizon), f"skipped: {charge} of {payment}"


def everything_is_recorded(system: OperatedSystem) -> None:
    """After a reconciliation without a fault: each charge has its true status, or a person knows; reversals, too.

    A charge of another amount than ours contradicts its payment in all that it says. It is in the report each time.
    """
    reported = system.reported(system.finished[-1])
    for charge in system.gateway.charges:
        payment = system.ledger.get(charge.payment_id)
        assert payment is not None
        is_contradiction = charge.plan.amount_factor != 1 and payment.id in reported
        is_listed = charge.live == system.live
        assert is_contradiction or not is_listed or _has_all_facts(payment, charge, system.elapsed), (
            f"not recorded: {charge} of {payment}"
        )


def _has_all_facts(payment: Payment, charge: Charge, horizon: float) -> bool:
    """Whether a payment has its charge's verdict, refund and chargeback until then, or is in review."""
    if payment.status is Status.NEEDS_REVIEW:
        return True
    verdicts = [raw_status for since, raw_status in charge.statuses if since <= horizon and raw_status in FINAL]
    reversals = charge.reversals
    refunded = any(each.at <= horizon for each in reversals.refunds)
    charged_back = reversals.chargeback is not None and reversals.chargeback.at <= horizon
    return (
        (not verdicts or _agrees(payment, verdicts[-1]))
        and (not refunded or payment.refund.status == "refunded")
        and (not charged_back or payment.chargeback.status == "charged_back")
    )


def _agrees(payment: Payment, raw_status: str) -> bool:
    """The same verdict; or both say that no money moved."""
    unpaid = raw_status in NO_MONEY and payment.status in {VERDICTS[word] for word in NO_MONEY}
    return unpaid or payment.status is VERDICTS[raw_status]
