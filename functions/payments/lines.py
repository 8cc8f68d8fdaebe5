"""Lines: a finding about a payment of ours, a row of the gateway's, or both, as the report has it. Pure."""

from payments.books import whole
from payments.findings import NOTES, Action, Finding, Kind
from payments.listing import ListedRow
from payments.payment import Payment


def line(kind: Kind, action: Action, payment: Payment | None, row: ListedRow | None) -> Finding:
    """One finding about a payment of ours, a row of the gateway's, or both."""
    report = row.report if row else None
    return Finding(
        finding=kind,
        action=action,
        payment_id=payment.id if payment else None,
        transaction_id=(payment.transaction_id if payment else None) or (report.transaction_id if report else None),
        order_id=(payment.order_id if payment else None) or (row.order_id if row else None),
        made_at=(row.created_at if row else None) or (payment.created_at if payment else None),
        amount_here=payment.money.amount if payment else None,
        amount_gateway=whole(report.amount) if report else None,
        currency_here=payment.money.currency if payment else None,
        currency_gateway=report.currency if report else None,
        status_here=payment.status.value if payment else None,
        status_gateway=report.said if report else None,
        refunded_at=(report.refunded_at if report else None) or (payment.refund.refunded_at if payment else None),
        charged_back_at=(report.charged_back_at if report else None)
        or (payment.chargeback.charged_back_at if payment else None),
        suspicious_at=row.suspicious_at if row else None,
        note=NOTES[kind],
    )
