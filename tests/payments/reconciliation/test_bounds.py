"""A list may be wrong as a whole: the status API must confirm it, and a hundred contradictions end the questions."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from payments.reconciliation.confirmation import CONTRADICTION_BUDGET
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import Reconciler

MANY = CONTRADICTION_BUDGET + 30
REFUNDED = {"refund_date": "2027-02-01T08:00:00Z"}
CHARGED_BACK = {"chargeback_date": "2027-02-01T08:00:00Z"}
SUSPICIOUS = {"suspicious_date": "2027-02-01T08:00:00Z"}

Make = Callable[[Reconciler, str], Payment]


def paid(reconciler: Reconciler, nth: str) -> Payment:
    return reconciler.paid(nth, f"PA{nth}", order_id=None)


def failed(reconciler: Reconciler, nth: str) -> Payment:
    return reconciler.with_status(Status.FAILED, key=nth, transaction_id=f"PA{nth}", order_id=None)


def opened(reconciler: Reconciler, nth: str) -> Payment:
    return reconciler.with_status(Status.REQUIRES_ACTION, key=nth, transaction_id=f"PA{nth}", order_id=None)


def stack(
    make: Make, raw_status: str, listed: dict[str, Any], answer: dict[str, Any] | None, many: int = MANY
) -> Reconciler:
    """Many payments of one kind, all listed alike; `answer`: the status API's differing answer, None: as listed."""
    reconciler = Reconciler(page_size=50)
    for nth in map(str, range(many)):
        payment = make(reconciler, nth)
        reconciler.listing.rows.append(row(raw_status, of=payment, **listed))
        if answer is not None:
            fields: dict[str, Any] = {"transaction_id": f"PA{nth}", "order_id": None, **answer}
            reconciler.gateway.answers[payment.wire_order_id] = samples.transaction(**fields)
    return reconciler


def alarms(reconciler: Reconciler) -> int:
    return reconciler.console.read().count('"signal":"reconciliation_doubtful"')


def statuses(reconciler: Reconciler) -> Counter[Status]:
    return Counter(payment.status for payment in reconciler.ledger.payments())


OPEN: dict[str, Any] = {"raw_status": "REDIRECT", "verdict": Status.REQUIRES_ACTION, "redirect_url": None}
UNPAID: dict[str, Any] = {"raw_status": "FAILED", "verdict": Status.FAILED}
FALSE: dict[str, tuple[Make, str, dict[str, Any], dict[str, Any]]] = {
    "refunds": (paid, "SUCCESS", REFUNDED, {}),
    "chargebacks": (paid, "SUCCESS", CHARGED_BACK, {"charged_back": False}),
    "amounts": (paid, "SUCCESS", {"amount": "1"}, {}),
    "failures of paid ones": (paid, "FAILED", {}, {}),
    "late successes": (failed, "SUCCESS", {}, UNPAID),
    "verdicts of open ones": (opened, "SUCCESS", {}, OPEN),
    "other amounts of open ones": (opened, "SUCCESS", {"amount": "1"}, OPEN),
}
"""Our payment, its row in the list, and the status API's answer."""


@pytest.mark.parametrize("claim", FALSE)
def test_false_claims_change_nothing_and_stop_the_questions_after_a_hundred(claim: str) -> None:
    reconciler = stack(*FALSE[claim])
    before = reconciler.ledger.payments()
    result = reconciler.run()
    assert reconciler.ledger.payments() == before
    assert result["discrepancies"] == {
        "list_disagrees": CONTRADICTION_BUDGET,
        "unconfirmed": MANY - CONTRADICTION_BUDGET,
    }
    assert len(reconciler.gateway.asked) == CONTRADICTION_BUDGET
    assert alarms(reconciler) == 1


TRUE: dict[str, tuple[Make, str, dict[str, Any], str]] = {
    "refunds": (paid, "SUCCESS", REFUNDED, "refunded_elsewhere"),
    "chargebacks": (paid, "SUCCESS", CHARGED_BACK, "charged_back"),
    "late successes": (failed, "SUCCESS", {}, "late_success"),
    "verdicts": (opened, "FAILED", {}, "recorded"),
}


@pytest.mark.parametrize("news", TRUE)
def test_any_number_of_confirmed_changes_is_recorded(news: str) -> None:
    make, raw_status, listed, discrepancy = TRUE[news]
    reconciler = stack(make, raw_status, listed, None, many=300)
    assert reconciler.run()["discrepancies"] == {discrepancy: 300}
    assert len(reconciler.gateway.asked) == 300
    assert alarms(reconciler) == 0


def test_confirmed_drift_puts_at_most_a_hundred_payments_into_review() -> None:
    reconciler = stack(paid, "FAILED", {}, None)
    assert reconciler.run()["discrepancies"] == {
        "status_drift": CONTRADICTION_BUDGET,
        "unconfirmed": MANY - CONTRADICTION_BUDGET,
    }
    assert statuses(reconciler) == {
        Status.NEEDS_REVIEW: CONTRADICTION_BUDGET,
        Status.SUCCEEDED: MANY - CONTRADICTION_BUDGET,
    }
    assert alarms(reconciler) == 1


def test_mismatches_put_at_most_a_hundred_open_payments_into_review() -> None:
    reconciler = stack(opened, "SUCCESS", {"amount": "1"}, None)
    assert reconciler.run()["discrepancies"] == {
        "mismatch": CONTRADICTION_BUDGET,
        "unconfirmed": MANY - CONTRADICTION_BUDGET,
    }
    assert statuses(reconciler)[Status.NEEDS_REVIEW] == CONTRADICTION_BUDGET
    assert alarms(reconciler) == 1


def test_suspicion_puts_at_most_a_hundred_payments_into_review() -> None:
    reconciler = stack(paid, "SUCCESS", SUSPICIOUS, None)
    assert reconciler.run()["discrepancies"] == {"suspicious": MANY}
    assert Counter(reconciler.discrepancies()) == {
        ("suspicious", "needs_review"): CONTRADICTION_BUDGET,
        ("suspicious", "none"): MANY - CONTRADICTION_BUDGET,
    }
    assert statuses(reconciler)[Status.NEEDS_REVIEW] == CONTRADICTION_BUDGET
    assert alarms(reconciler) == 1


def test_at_most_a_hundred_orphans_are_reviewed_and_unpaid_ones_do_not_count() -> None:
    reconciler = Reconciler(page_size=50)
    words = ["SUCCESS", "FAILED"]
    reconciler.listing.rows = [
        row(words[nth % 2], transaction_id=f"PA{nth}", order_id=f"theirs-{nth}") for nth in range(2 * MANY)
    ]
    reconciler.run()
    assert Counter(reconciler.discrepancies()) == {
        ("orphan", "needs_review"): CONTRADICTION_BUDGET,
        ("orphan", "none"): MANY - CONTRADICTION_BUDGET,
        ("orphan", "recorded"): MANY,
    }
    assert {line["transaction_id"] for line in reconciler.report()["discrepancies"]} == {
        f"PA{nth}" for nth in range(2 * MANY)
    }
    assert statuses(reconciler) == {Status.NEEDS_REVIEW: CONTRADICTION_BUDGET, Status.FAILED: MANY}
    assert alarms(reconciler) == 1


def test_api_keys_of_another_account_review_no_payment_and_raise_one_alarm() -> None:
    """The gateway neither lists nor knows any payment of ours."""
    reconciler = Reconciler(row("FAILED", transaction_id="PA9999", order_id=None), page_size=50)
    for nth in map(str, range(MANY)):
        paid(reconciler, nth)
    assert reconciler.run()["discrepancies"] == {
        "orphan": 1,
        "unknown_to_gateway": CONTRADICTION_BUDGET,
        "unconfirmed": MANY - CONTRADICTION_BUDGET,
    }
    assert statuses(reconciler)[Status.SUCCEEDED] == MANY
    assert len(reconciler.unlisted_ids()) == MANY
    assert alarms(reconciler) == 1


def test_payments_stay_on_the_index_when_the_budget_is_spent() -> None:
    reconciler = Reconciler(row("FAILED", transaction_id="PA9999", order_id=None), page_size=50)
    for nth in map(str, range(MANY)):
        payment = paid(reconciler, nth)
        reconciler.gateway.answers[payment.id] = samples.transaction(transaction_id=f"PA{nth}", order_id=None)
    assert reconciler.run()["discrepancies"] == {
        "orphan": 1,
        "not_listed": CONTRADICTION_BUDGET,
        "unconfirmed": MANY - CONTRADICTION_BUDGET,
    }
    assert len(reconciler.unlisted_ids()) == MANY - CONTRADICTION_BUDGET
    assert alarms(reconciler) == 1


def test_all_calls_of_a_reconciliation_share_one_budget() -> None:
    reconciler = stack(paid, "SUCCESS", REFUNDED, {})
    reconciler.listing.script_pages(None, *[NoAnswer("no answer")] * 3)
    assert reconciler.run()["state"] == "unfinished"
    result = reconciler.run()
    assert (result["state"], result["discrepancies"]["list_disagrees"]) == ("finished", CONTRADICTION_BUDGET)
    assert len(reconciler.gateway.asked) == CONTRADICTION_BUDGET


def test_a_missing_answer_counts_no_contradiction() -> None:
    reconciler = stack(paid, "SUCCESS", REFUNDED, None, many=6)
    reconciler.gateway.script_statuses(NoAnswer("no answer"), NoAnswer("no answer"))
    assert reconciler.run()["discrepancies"] == {"unconfirmed": 2, "refunded_elsewhere": 4}


@pytest.mark.parametrize(("listed", "flag"), [(REFUNDED, "refunded"), (CHARGED_BACK, "charged_back")])
@pytest.mark.parametrize(("answered", "discrepancy"), [(False, "list_disagrees"), (None, "unconfirmed")])
def test_an_answer_that_denies_differs_from_an_answer_that_leaves_the_field_out(
    listed: dict[str, Any], flag: str, answered: object, discrepancy: str
) -> None:
    reconciler = stack(paid, "SUCCESS", listed, {flag: answered}, many=1)
    before = reconciler.ledger.payments()
    reconciler.run()
    assert reconciler.discrepancies() == [(discrepancy, "none")]
    assert reconciler.ledger.payments() == before


def test_the_status_apis_answer_is_recorded_even_if_the_list_lags_behind_it() -> None:
    reconciler = stack(paid, "SUCCESS", REFUNDED, {"refunded": True, "charged_back": True}, many=1)
    reconciler.run()
    assert reconciler.discrepancies() == [
        ("list_disagrees", "none"),
        ("refunded_elsewhere", "recorded"),
        ("charged_back", "recorded"),
    ]
    assert reconciler.ledger.payments()[0].chargeback.status == "charged_back"


def test_an_unknown_status_is_no_drift_of_a_paid_payment() -> None:
    reconciler = stack(paid, "SETTLED", {}, {"raw_status": "SETTLED", "verdict": None})
    before = reconciler.ledger.payments()
    for _ in range(2):
        assert reconciler.run(anew=True)["discrepancies"] == {"unknown_status": MANY}
    assert reconciler.ledger.payments() == before
    assert reconciler.gateway.asked == []
    assert alarms(reconciler) == 0


def test_the_status_apis_amount_counts_for_an_open_payment() -> None:
    reconciler = stack(opened, "SUCCESS", {"amount": "10000"}, {"amount": Decimal(100)}, many=1)
    reconciler.run()
    assert reconciler.discrepancies() == [("list_disagrees", "none"), ("recorded", "recorded")]
    assert statuses(reconciler) == {Status.SUCCEEDED: 1}
