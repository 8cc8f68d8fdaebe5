"""A list may be wrong as a whole: what it says is asked about, and what is not borne out stops it after a hundred."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from payments.model.payment import Payment
from payments.model.status import Status
from payments.ports.gateway import NoAnswer
from payments.reconciliation.confirmation import DOUBTS
from tests.fakes import samples
from tests.fakes.transaction_list import row
from tests.payments.reconciliation.reconciler import Sweeper

MANY = DOUBTS + 30
REFUNDED = {"refund_date": "2027-02-01T08:00:00Z"}
CHARGED_BACK = {"chargeback_date": "2027-02-01T08:00:00Z"}
SUSPICIOUS = {"suspicious_date": "2027-02-01T08:00:00Z"}

Make = Callable[[Sweeper, str], Payment]


def paid(sweeper: Sweeper, nth: str) -> Payment:
    return sweeper.paid(nth, f"PA{nth}", order_id=None)


def failed(sweeper: Sweeper, nth: str) -> Payment:
    return sweeper.settled(Status.FAILED, key=nth, transaction_id=f"PA{nth}", order_id=None)


def opened(sweeper: Sweeper, nth: str) -> Payment:
    return sweeper.settled(Status.REQUIRES_ACTION, key=nth, transaction_id=f"PA{nth}", order_id=None)


def stack(make: Make, said: str, listed: dict[str, Any], answer: dict[str, Any] | None, many: int = MANY) -> Sweeper:
    """Many payments of one kind; the list says one thing of all, and the status API another, or the same: None."""
    sweeper = Sweeper(page_size=50)
    for nth in map(str, range(many)):
        payment = make(sweeper, nth)
        sweeper.listing.told.append(row(said, of=payment, **listed))
        if answer is not None:
            told: dict[str, Any] = {"transaction_id": f"PA{nth}", "order_id": None, **answer}
            sweeper.gateway.answers[payment.wire_order_id] = samples.report(**told)
    return sweeper


def alarms(sweeper: Sweeper) -> int:
    return sweeper.console.read().count('"signal":"sweep_doubtful"')


def statuses(sweeper: Sweeper) -> Counter[Status]:
    return Counter(payment.status for payment in sweeper.ledger.payments())


OPEN: dict[str, Any] = {"said": "REDIRECT", "verdict": Status.REQUIRES_ACTION}
UNPAID: dict[str, Any] = {"said": "FAILED", "verdict": Status.FAILED}
FALSE: dict[str, tuple[Make, str, dict[str, Any], dict[str, Any]]] = {
    "refunds": (paid, "SUCCESS", REFUNDED, {}),
    "chargebacks": (paid, "SUCCESS", CHARGED_BACK, {"charged_back": False}),
    "amounts": (paid, "SUCCESS", {"amount": "1"}, {}),
    "failures of paid ones": (paid, "FAILED", {}, {}),
    "late successes": (failed, "SUCCESS", {}, UNPAID),
    "verdicts of open ones": (opened, "SUCCESS", {}, OPEN),
    "other amounts of open ones": (opened, "SUCCESS", {"amount": "1"}, OPEN),
}
"""What we have, what the list says, and what the status API says."""


@pytest.mark.parametrize("claim", FALSE)
def test_false_claims_change_nothing_and_stop_the_questions_after_a_hundred(claim: str) -> None:
    sweeper = stack(*FALSE[claim])
    before = sweeper.ledger.payments()
    result = sweeper.sweep()
    assert sweeper.ledger.payments() == before
    assert result["findings"] == {"list_disagrees": DOUBTS, "unconfirmed": MANY - DOUBTS}
    assert len(sweeper.gateway.asked) == DOUBTS
    assert alarms(sweeper) == 1


TRUE: dict[str, tuple[Make, str, dict[str, Any], str]] = {
    "refunds": (paid, "SUCCESS", REFUNDED, "refunded_elsewhere"),
    "chargebacks": (paid, "SUCCESS", CHARGED_BACK, "charged_back"),
    "late successes": (failed, "SUCCESS", {}, "late_success"),
    "verdicts": (opened, "FAILED", {}, "settled"),
}


@pytest.mark.parametrize("news", TRUE)
def test_what_the_status_api_bears_out_is_settled_however_many_there_are(news: str) -> None:
    make, said, listed, finding = TRUE[news]
    sweeper = stack(make, said, listed, None, many=300)
    assert sweeper.sweep()["findings"] == {finding: 300}
    assert len(sweeper.gateway.asked) == 300
    assert alarms(sweeper) == 0


def test_drift_that_is_borne_out_calls_a_hundred_people_and_no_more() -> None:
    sweeper = stack(paid, "FAILED", {}, None)
    assert sweeper.sweep()["findings"] == {"status_drift": DOUBTS, "unconfirmed": MANY - DOUBTS}
    assert statuses(sweeper) == {Status.NEEDS_REVIEW: DOUBTS, Status.SUCCEEDED: MANY - DOUBTS}
    assert alarms(sweeper) == 1


def test_so_does_a_mismatch_of_open_ones() -> None:
    sweeper = stack(opened, "SUCCESS", {"amount": "1"}, None)
    assert sweeper.sweep()["findings"] == {"mismatch": DOUBTS, "unconfirmed": MANY - DOUBTS}
    assert statuses(sweeper)[Status.NEEDS_REVIEW] == DOUBTS
    assert alarms(sweeper) == 1


def test_so_does_suspicion() -> None:
    sweeper = stack(paid, "SUCCESS", SUSPICIOUS, None)
    assert sweeper.sweep()["findings"] == {"suspicious": MANY}
    assert Counter(sweeper.findings()) == {
        ("suspicious", "needs_review"): DOUBTS,
        ("suspicious", "none"): MANY - DOUBTS,
    }
    assert statuses(sweeper)[Status.NEEDS_REVIEW] == DOUBTS
    assert alarms(sweeper) == 1


def test_so_do_orphans_and_those_that_moved_no_money_count_nothing() -> None:
    sweeper = Sweeper(page_size=50)
    words = ["SUCCESS", "FAILED"]
    sweeper.listing.told = [
        row(words[nth % 2], transaction_id=f"PA{nth}", order_id=f"theirs-{nth}") for nth in range(2 * MANY)
    ]
    sweeper.sweep()
    assert Counter(sweeper.findings()) == {
        ("orphan", "needs_review"): DOUBTS,
        ("orphan", "none"): MANY - DOUBTS,
        ("orphan", "settled"): MANY,
    }
    assert statuses(sweeper) == {Status.NEEDS_REVIEW: DOUBTS, Status.FAILED: MANY}
    assert alarms(sweeper) == 1


def test_the_keys_of_another_account_call_nobody_but_whoever_the_alarm_wakes() -> None:
    """Nothing of ours is listed, and nothing of ours is known."""
    sweeper = Sweeper(row("FAILED", transaction_id="PA9999", order_id=None), page_size=50)
    for nth in map(str, range(MANY)):
        paid(sweeper, nth)
    assert sweeper.sweep()["findings"] == {"orphan": 1, "unknown_to_gateway": DOUBTS, "unconfirmed": MANY - DOUBTS}
    assert statuses(sweeper)[Status.SUCCEEDED] == MANY
    assert len(sweeper.on_unlisted()) == MANY
    assert alarms(sweeper) == 1


def test_a_list_with_holes_keeps_the_marks_of_what_it_has_not_shown() -> None:
    sweeper = Sweeper(row("FAILED", transaction_id="PA9999", order_id=None), page_size=50)
    for nth in map(str, range(MANY)):
        payment = paid(sweeper, nth)
        sweeper.gateway.answers[payment.id] = samples.report(transaction_id=f"PA{nth}", order_id=None)
    assert sweeper.sweep()["findings"] == {"orphan": 1, "not_listed": DOUBTS, "unconfirmed": MANY - DOUBTS}
    assert len(sweeper.on_unlisted()) == MANY - DOUBTS
    assert alarms(sweeper) == 1


def test_the_budget_is_the_sweeps_not_the_calls() -> None:
    sweeper = stack(paid, "SUCCESS", REFUNDED, {})
    sweeper.listing.will(None, *[NoAnswer("no answer")] * 3)
    assert sweeper.sweep()["state"] == "unfinished"
    result = sweeper.sweep()
    assert (result["state"], result["findings"]["list_disagrees"]) == ("finished", DOUBTS)
    assert len(sweeper.gateway.asked) == DOUBTS


def test_silence_is_no_doubt() -> None:
    sweeper = stack(paid, "SUCCESS", REFUNDED, None, many=6)
    sweeper.gateway.will_say(NoAnswer("no answer"), NoAnswer("no answer"))
    assert sweeper.sweep()["findings"] == {"unconfirmed": 2, "refunded_elsewhere": 4}


@pytest.mark.parametrize(("refunded", "finding"), [(False, "list_disagrees"), (None, "unconfirmed")])
def test_a_status_api_that_denies_is_told_from_one_that_does_not_speak_of_it(refunded: object, finding: str) -> None:
    sweeper = stack(paid, "SUCCESS", REFUNDED, {"refunded": refunded}, many=1)
    sweeper.sweep()
    assert sweeper.findings() == [(finding, "none")]
    assert sweeper.ledger.payments()[0].refund.status == "none"


def test_what_is_settled_is_what_the_status_api_says_and_the_list_may_lag_behind_it() -> None:
    sweeper = stack(paid, "SUCCESS", REFUNDED, {"refunded": True, "charged_back": True}, many=1)
    sweeper.sweep()
    assert sweeper.findings() == [
        ("list_disagrees", "none"),
        ("refunded_elsewhere", "settled"),
        ("charged_back", "settled"),
    ]
    assert sweeper.ledger.payments()[0].chargeback.status == "charged_back"


def test_a_word_that_nobody_knows_is_no_drift_of_what_was_paid() -> None:
    sweeper = stack(paid, "SETTLED", {}, {"said": "SETTLED", "verdict": None})
    before = sweeper.ledger.payments()
    for _ in range(2):
        assert sweeper.sweep(anew=True)["findings"] == {"unknown_status": MANY}
    assert sweeper.ledger.payments() == before
    assert sweeper.gateway.asked == []
    assert alarms(sweeper) == 0


def test_the_list_says_another_amount_than_the_status_api_of_an_open_one() -> None:
    sweeper = stack(opened, "SUCCESS", {"amount": "10000"}, {"amount": Decimal(100)}, many=1)
    sweeper.sweep()
    assert sweeper.findings() == [("list_disagrees", "none"), ("settled", "settled")]
    assert statuses(sweeper) == {Status.SUCCEEDED: 1}
