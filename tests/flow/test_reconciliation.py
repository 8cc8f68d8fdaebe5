"""What was done at the gateway alone, in its dashboard: the reconciliation finds it, settles it or asks a human, and reports it.

Everything happens first, then one reconciliation of today; each test looks at one thing that came of it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from local.dashboard.cloudwatch import Metrics
from local.simulator.control_client import Control
from operate.decide.decision import decide
from payments.ledger.payments import DynamoLedger
from payments.model.status import Status
from tests.explained_totals import differences, explained_by_lines
from tests.flow.logs import logged
from tests.flow.reconciling import Report, World, world
from tests.flow.test_no_card_data import PAN, UUID, is_a_card
from tests.flow.waiting import assert_told_without_a_gap

Deed = Callable[[Control, str], Any]


def nothing(_gateway: Control, _order: str) -> None:
    """Nobody touches it."""


@dataclass(frozen=True)
class Case:
    """A payment, what is then done at the gateway, and what must come of it."""

    deed: Deed
    discrepancy: str | None
    action: str = "none"
    status: str = "succeeded"
    told: str | None = None
    scenario: str = "approve"
    play: dict[str, Any] = field(default_factory=dict)


def review(deed: Deed, discrepancy: str, **more: Any) -> Case:
    return Case(deed, discrepancy, "needs_review", "needs_review", "needs_review", **more)


CASES = {
    "agrees": Case(nothing, None),
    "never-taken": Case(nothing, None, status="failed", scenario="refused-422"),
    "refunded": Case(Control.refund, "refunded_elsewhere", "recorded", told="refunded"),
    "charged-back": Case(Control.charge_back, "charged_back", "recorded", told="charged_back"),
    "in-doubt": Case(nothing, "recorded", "recorded", told="succeeded", scenario="charged-then-500"),
    "paid-after-all": Case(
        lambda gateway, order: gateway.decide(order, "approve", overrule=True, quietly=True),
        *("late_success", "recorded"),
        told="succeeded",
        scenario="decline",
    ),
    "suspected": review(Control.suspect, "suspicious"),
    "other-amount": review(lambda gateway, order: gateway.amend(order, amount=99), "amount_drift"),
    "other-currency": review(lambda gateway, order: gateway.amend(order, currency="EUR"), "currency_drift"),
    "taken-back": review(
        lambda gateway, order: gateway.decide(order, "decline", overrule=True, quietly=True), "status_drift"
    ),
    "in-doubt-and-other": review(
        lambda gateway, order: gateway.amend(order, amount=99), "mismatch", scenario="charged-then-500"
    ),
    "blocked-there": Case(
        lambda gateway, order: gateway.decide(order, "block", overrule=True, quietly=True),
        "status_differs",
        status="failed",
        scenario="decline",
    ),
    "forgotten": review(Control.forget, "unknown_to_gateway"),
    "never-arrived": Case(nothing, "unknown_to_gateway", status="processing", scenario="uncharged-500"),
    "unlisted": Case(lambda gateway, order: gateway.list_as(order, hidden=True), "not_listed"),
    "list-lags": Case(lambda gateway, order: gateway.list_as(order, status="PENDING"), "list_disagrees"),
    "cannot-be-asked": Case(
        lambda gateway, order: gateway.amend(order, amount=99),
        "unconfirmed",
        play={"status": "unavailable", "status_times": 99},
    ),
}
FORMULA = "=1+1"


@dataclass
class RunResult:
    """The world after one reconciliation of today."""

    world: World
    payments: dict[str, dict[str, Any]]
    orphans: dict[str, str]
    result: dict[str, Any]
    report: Report

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The report's lines about a case's payment, or about an orphan."""
        if name in self.orphans:
            return self.report.about(self.orphans[name])
        return [line for line in self.report.json["discrepancies"] if line["payment_id"] == self.payments[name]["id"]]

    def again(self) -> dict[str, Any]:
        result = self.world.run(first=self.result["from"], last=self.result["to"], anew=True)
        assert result["state"] == "finished"
        return result


@pytest.fixture(scope="module")
def reconciled() -> Iterator[RunResult]:
    with world() as here:
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        payments = {name: here.pay(name, case.scenario, **case.play) for name, case in CASES.items()}
        for name, case in CASES.items():
            case.deed(here.gateway, name)
        twin = here.pay("twin", "approve")
        declined_first = here.pay("declined-first", "decline")
        for payment in [*payments.values(), twin, declined_first]:
            here.settle_down(payment["id"])
        here.age(payments["never-arrived"]["id"])
        here.miss(payments["forgotten"]["id"])
        twin = here.read(twin["id"])
        orphans = {
            "paid": here.gateway.orphan(amount=2500, currency="EUR", order_id="orphan-paid"),
            "declined": here.gateway.orphan(amount=700, currency="EUR", order_id="orphan-declined", status="FAILED"),
            "twin": here.gateway.orphan(amount=100, currency="GBP", order_id="twin"),
            "second-try": here.gateway.orphan(amount=100, currency="GBP", order_id="declined-first"),
            "formula": here.gateway.orphan(amount=100, currency="GBP", order_id=FORMULA),
            "unreadable": here.gateway.orphan(amount=10.5, currency="GBP"),
        }
        result = here.run(first=today, last=f"{datetime.now(UTC):%Y-%m-%d}")
        assert result.get("state") == "finished", result
        here.follow_up()
        yield RunResult(
            here, payments | {"twin": twin, "declined-first": declined_first}, orphans, result, here.report(result)
        )


@pytest.mark.parametrize("name", CASES)
class TestEachThingThatHappened:
    def test_is_a_line_of_the_report(self, reconciled: RunResult, name: str) -> None:
        case = CASES[name]
        lines = reconciled.lines(name)

        assert [(line["discrepancy"], line["action"]) for line in lines] == (
            [(case.discrepancy, case.action)] if case.discrepancy else []
        )
        for line in lines:
            assert line["status_here"] == case.status
            assert line["order_id"] == name
            assert line["note"].endswith("."), "a sentence"

    def test_is_what_the_payment_says(self, reconciled: RunResult, name: str) -> None:
        case = CASES[name]
        payment = reconciled.world.read(reconciled.payments[name]["id"])

        assert payment["status"] == case.status
        if case.action == "needs_review":
            expected = "integrity_mismatch" if case.discrepancy == "mismatch" else case.discrepancy
            assert payment["failure"]["code"] == expected
        if case.told in {"refunded", "charged_back"}:
            fact = payment["refund" if case.told == "refunded" else "chargeback"]
            assert fact["status"] == case.told
            assert fact[f"{case.told}_at"] is not None

    def test_is_told_to_consumers(self, reconciled: RunResult, name: str) -> None:
        case, payment = CASES[name], reconciled.payments[name]
        if case.told is None:
            return
        event = reconciled.world.bus.wait_for(payment["id"], f"payment.{case.told}")

        assert event is not None
        assert event["detail"]["metadata"]["source"] == "reconciliation"
        assert event["detail"]["data"]["status"] == case.status

    def test_without_news_leaves_the_payment_as_it_was(self, reconciled: RunResult, name: str) -> None:
        case, before = CASES[name], reconciled.payments[name]
        if case.action == "none":
            assert reconciled.world.read(before["id"])["version"] == before["version"]


class TestAnOrphan:
    def test_becomes_a_payment_that_a_human_must_look_at(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("paid")
        payment = reconciled.world.read(line["payment_id"])

        assert (line["discrepancy"], line["action"], line["amount_gateway"]) == ("orphan", "needs_review", 2500)
        assert (payment["status"], payment["failure"]["code"]) == ("needs_review", "orphan")
        assert (payment["amount"], payment["currency"], payment["card"]) == (2500, "EUR", None)
        assert payment["transaction_id"] == reconciled.orphans["paid"]

    def test_takes_no_order_for_it_may_be_another_shops_of_the_same_number(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("paid")

        assert line["order_id"] == "orphan-paid"
        assert reconciled.world.read(line["payment_id"])["order_id"] is None
        assert reconciled.world.shop.get("/charges?order_id=orphan-paid").json == {"data": []}

    def test_that_is_a_second_try_for_an_order_takes_the_order_back(self, reconciled: RunResult) -> None:
        """The shopper's first card was declined at the gateway's page, and the second was not."""
        told = {line["discrepancy"]: line["payment_id"] for line in reconciled.lines("second-try")}
        ours = reconciled.payments["declined-first"]

        assert told.keys() == {"other_transaction", "orphan"}
        assert told["other_transaction"] == ours["id"]
        assert (ours["status"], reconciled.world.read(ours["id"])["status"]) == ("failed", "needs_review")

    def test_is_told_to_consumers_from_its_first_entry_on(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("paid")

        assert_told_without_a_gap(reconciled.world.bus, reconciled.world.read(line["payment_id"]))

    def test_that_took_no_money_is_a_failed_payment_and_nobodys_work(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("declined")

        assert line["discrepancy"] == "orphan"
        assert reconciled.world.read(line["payment_id"])["status"] == "failed"

    def test_under_the_order_of_another_payment_does_not_take_its_place(self, reconciled: RunResult) -> None:
        """The same order charged twice at the gateway: the second charge is what somebody must see."""
        (line,) = reconciled.lines("twin")
        ours = reconciled.payments["twin"]

        assert line["payment_id"] != ours["id"]
        assert reconciled.world.read(line["payment_id"])["order_id"] is None
        assert reconciled.world.read(ours["id"]) == ours

    def test_whose_amount_cannot_be_read_is_only_reported(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("unreadable")

        assert (line["discrepancy"], line["action"], line["payment_id"]) == ("unreadable_row", "none", None)


class TestTheReport:
    def test_counts_what_it_lists(self, reconciled: RunResult) -> None:
        counted = Counter(line["discrepancy"] for line in reconciled.report.json["discrepancies"])

        assert reconciled.report.json["counts"] == counted == reconciled.result["discrepancies"]

    def test_says_how_many_transactions_it_is_about(self, reconciled: RunResult) -> None:
        told = reconciled.report.json["reconciliation"]

        assert told["rows"] == told["listed_total"] == reconciled.result["rows"]
        assert (told["from"], told["to"], told["live"]) == (reconciled.result["from"], reconciled.result["to"], False)

    def test_says_the_same_in_its_table(self, reconciled: RunResult) -> None:
        lines = reconciled.report.json["discrepancies"]

        assert [row["discrepancy"] for row in reconciled.report.rows] == [line["discrepancy"] for line in lines]
        assert list(reconciled.report.rows[0]) == list(lines[0])

    def test_runs_no_formula_in_finances_spreadsheet(self, reconciled: RunResult) -> None:
        (row,) = (row for row in reconciled.report.rows if row["transaction_id"] == reconciled.orphans["formula"])

        assert row["order_id"] == "(not shown)"
        assert FORMULA not in reconciled.report.text

    def test_adds_up_both_books(self, reconciled: RunResult) -> None:
        books = {book["currency"]: book for book in reconciled.report.json["totals"]}

        assert set(books) >= {"GBP", "EUR"}
        for book in books.values():
            told = book["gateway"], book["here"], book["difference"]
            assert all(theirs[key] - ours[key] == gap[key] for theirs, ours, gap in [told] for key in gap)
        # Ours is GBP; what the gateway calls EUR is the orphan and the payment of which it names another currency.
        assert books["EUR"]["gateway"]["amount"] == 2600
        assert books["EUR"]["here"]["amount"] == 0
        assert books["GBP"]["gateway"]["refunded"] == books["GBP"]["here"]["refunded"] == 100
        assert books["GBP"]["gateway"]["charged_back"] == books["GBP"]["here"]["charged_back"] == 100

    def test_explains_each_difference_by_its_lines(self, reconciled: RunResult) -> None:
        assert explained_by_lines(reconciled.report.json) == differences(reconciled.report.json)

    @pytest.mark.parametrize("form", ["json", "csv"])
    def test_is_encrypted_with_a_key_of_kms(self, reconciled: RunResult, form: str) -> None:
        assert reconciled.world.fetched(reconciled.result["report"][form])["ServerSideEncryption"] == "aws:kms"

    def test_holds_nothing_of_card_or_shopper_nor_does_any_other_sink(self, reconciled: RunResult) -> None:
        here = reconciled.world
        here.bus.poll()
        sinks = [
            reconciled.report.text,
            logged(here.stack.admin),
            str(here.bus.received),
            str(here.item(_any_id(reconciled))),
        ]
        for text in sinks:
            assert reconciled.orphans["paid"] in text or _any_id(reconciled) in text
            assert "424242******4242" not in text
            assert [name for name in ("Orphan", "ada@example.com", "james@gmail.com") if name in text] == []
            assert [found[0] for found in PAN.finditer(UUID.sub("-", text)) if is_a_card(found[0])] == []


def test_findings_are_metrics(reconciled: RunResult) -> None:
    told = [
        value for value in Metrics(reconciled.world.stack.admin).feed() if value.name == "ReconciliationDiscrepancies"
    ]
    by_kind: Counter[str] = Counter()
    for value in told:
        by_kind[dict(value.dimensions).get("discrepancy", "all of them")] += int(value.value)

    for kind, count in reconciled.result["discrepancies"].items():
        assert by_kind[kind] >= count


def test_progress_is_a_line_in_the_log(reconciled: RunResult) -> None:
    lines = [line for line in logged(reconciled.world.stack.admin).splitlines() if '"reconciling"' in line]

    assert any(f'"rows":{reconciled.result["rows"]}' in line.replace(" ", "") for line in lines), lines


def test_what_is_seen_in_the_list_is_looked_for_no_more(reconciled: RunResult) -> None:
    for name in ("agrees", "never-taken", "refunded", "forgotten", "unlisted"):
        assert "unlisted_on" not in reconciled.world.item(reconciled.payments[name]["id"]), name
    assert "unlisted_on" in reconciled.world.item(reconciled.payments["never-arrived"]["id"])


class TestASecondReconciliation:
    """Comes last: it reconciles the same day anew, after a human has decided on one payment."""

    def test_changes_nothing_that_was_settled_nor_what_a_human_decided(self, reconciled: RunResult) -> None:
        here = reconciled.world
        suspected = reconciled.payments["suspected"]["id"]
        ledger = DynamoLedger(here.stack.admin.client("dynamodb"), here.stack.table)
        decide(ledger, suspected, Status.SUCCEEDED, who="ada", why="the gateway cleared it", at=datetime.now(UTC))
        adopted = [line["payment_id"] for name in ("paid", "declined", "twin") for line in reconciled.lines(name)]
        ids = [*adopted, *(payment["id"] for payment in reconciled.payments.values())]
        before = [here.read(payment_id) for payment_id in ids]

        result = reconciled.again()
        report = here.report(result)

        assert [here.read(payment_id) for payment_id in ids] == before
        assert here.read(suspected)["status"] == "succeeded"
        assert result["discrepancies"]["suspicious"] == 1, "it is still said"
        assert [line["discrepancy"] for line in report.about(reconciled.orphans["paid"])] == ["undecided"]
        assert explained_by_lines(report.json) == differences(report.json), "what waits for a decision has a line, too"
        assert result["report"] != reconciled.result["report"], "a report is never overwritten"


def _any_id(reconciled: RunResult) -> str:
    (line,) = reconciled.lines("paid")
    return str(line["payment_id"])
