"""The reconciliation finds what was changed at the gateway alone, records it or sends it to review, and reports it.

All changes happen first, then one reconciliation of today runs; each test checks one result.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from local.dashboard.cloudwatch import Metrics
from operate.decide.decision import decide
from payments.ledger.payments import DynamoLedger
from payments.model.status import Status
from tests.explained_totals import differences, explained_by_lines
from tests.flow.card_data import card_numbers_in
from tests.flow.logs import log_text
from tests.flow.payment_tracker import assert_published_without_a_gap
from tests.flow.reconciliation_cases import CASES
from tests.flow.reconciliation_system import ReconciliationSystem, Report, reconciliation_system

FORMULA = "=1+1"


@dataclass
class RunResult:
    """The system after one reconciliation of today."""

    system: ReconciliationSystem
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
        result = self.system.run(first=self.result["from"], last=self.result["to"], anew=True)
        assert result["state"] == "finished"
        return result


@pytest.fixture(scope="module")
def reconciled() -> Iterator[RunResult]:
    with reconciliation_system() as system:
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        payments = {name: system.pay(name, case.scenario, **case.play) for name, case in CASES.items()}
        for name, case in CASES.items():
            case.act(system.gateway, name)
        twin = system.pay("twin", "approve")
        declined_first = system.pay("declined-first", "decline")
        for payment in [*payments.values(), twin, declined_first]:
            system.backdate_history(payment["id"])
        system.backdate(payments["never-arrived"]["id"])
        system.mark_missing(payments["forgotten"]["id"])
        twin = system.read(twin["id"])
        orphans = {
            "paid": system.gateway.orphan(amount=2500, currency="EUR", order_id="orphan-paid"),
            "declined": system.gateway.orphan(amount=700, currency="EUR", order_id="orphan-declined", status="FAILED"),
            "twin": system.gateway.orphan(amount=100, currency="GBP", order_id="twin"),
            "second-try": system.gateway.orphan(amount=100, currency="GBP", order_id="declined-first"),
            "formula": system.gateway.orphan(amount=100, currency="GBP", order_id=FORMULA),
            "unreadable": system.gateway.orphan(amount=10.5, currency="GBP"),
        }
        result = system.run(first=today, last=f"{datetime.now(UTC):%Y-%m-%d}")
        assert result.get("state") == "finished", result
        system.follow_up()
        yield RunResult(
            system, payments | {"twin": twin, "declined-first": declined_first}, orphans, result, system.report(result)
        )


@pytest.mark.parametrize("name", CASES)
class TestEachChange:
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

    def test_is_in_the_payment(self, reconciled: RunResult, name: str) -> None:
        case = CASES[name]
        payment = reconciled.system.read(reconciled.payments[name]["id"])

        assert payment["status"] == case.status
        if case.action == "needs_review":
            expected = "integrity_mismatch" if case.discrepancy == "mismatch" else case.discrepancy
            assert payment["failure"]["code"] == expected
        if case.published in {"refunded", "charged_back"}:
            fact = payment["refund" if case.published == "refunded" else "chargeback"]
            assert fact["status"] == case.published
            assert fact[f"{case.published}_at"] is not None

    def test_is_published(self, reconciled: RunResult, name: str) -> None:
        case, payment = CASES[name], reconciled.payments[name]
        if case.published is None:
            return
        event = reconciled.system.bus.wait_for(payment["id"], f"payment.{case.published}")

        assert event is not None
        assert event["detail"]["metadata"]["source"] == "reconciliation"
        assert event["detail"]["data"]["status"] == case.status

    def test_without_news_leaves_the_payment_unchanged(self, reconciled: RunResult, name: str) -> None:
        case, before = CASES[name], reconciled.payments[name]
        if case.action == "none":
            assert reconciled.system.read(before["id"])["version"] == before["version"]


class TestAnOrphan:
    def test_becomes_a_payment_in_review(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("paid")
        payment = reconciled.system.read(line["payment_id"])

        assert (line["discrepancy"], line["action"], line["amount_gateway"]) == ("orphan", "needs_review", 2500)
        assert (payment["status"], payment["failure"]["code"]) == ("needs_review", "orphan")
        assert (payment["amount"], payment["currency"], payment["card"]) == (2500, "EUR", None)
        assert payment["transaction_id"] == reconciled.orphans["paid"]

    def test_takes_no_order_since_another_shop_may_use_the_same_order_id(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("paid")

        assert line["order_id"] == "orphan-paid"
        assert reconciled.system.read(line["payment_id"])["order_id"] is None
        assert reconciled.system.shop.get("/charges?order_id=orphan-paid").json == {"data": []}

    def test_that_is_a_second_attempt_for_an_order_reopens_the_first(self, reconciled: RunResult) -> None:
        """The gateway's page declined the shopper's first card and accepted the second."""
        lines = {line["discrepancy"]: line["payment_id"] for line in reconciled.lines("second-try")}
        ours = reconciled.payments["declined-first"]

        assert lines.keys() == {"other_transaction", "orphan"}
        assert lines["other_transaction"] == ours["id"]
        assert (ours["status"], reconciled.system.read(ours["id"])["status"]) == ("failed", "needs_review")

    def test_is_published_from_its_first_entry_on(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("paid")

        assert_published_without_a_gap(reconciled.system.bus, reconciled.system.read(line["payment_id"]))

    def test_that_took_no_money_is_a_failed_payment_without_review(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("declined")

        assert line["discrepancy"] == "orphan"
        assert reconciled.system.read(line["payment_id"])["status"] == "failed"

    def test_under_the_order_of_another_payment_does_not_replace_it(self, reconciled: RunResult) -> None:
        """The order was charged twice at the gateway: the second charge goes to review."""
        (line,) = reconciled.lines("twin")
        ours = reconciled.payments["twin"]

        assert line["payment_id"] != ours["id"]
        assert reconciled.system.read(line["payment_id"])["order_id"] is None
        assert reconciled.system.read(ours["id"]) == ours

    def test_with_an_unreadable_amount_is_only_reported(self, reconciled: RunResult) -> None:
        (line,) = reconciled.lines("unreadable")

        assert (line["discrepancy"], line["action"], line["payment_id"]) == ("unreadable_row", "none", None)


class TestTheReport:
    def test_counts_what_it_lists(self, reconciled: RunResult) -> None:
        counted = Counter(line["discrepancy"] for line in reconciled.report.json["discrepancies"])

        assert reconciled.report.json["counts"] == counted == reconciled.result["discrepancies"]

    def test_counts_the_transactions(self, reconciled: RunResult) -> None:
        header = reconciled.report.json["reconciliation"]

        assert header["rows"] == header["listed_total"] == reconciled.result["rows"]
        assert (header["from"], header["to"], header["live"]) == (
            reconciled.result["from"],
            reconciled.result["to"],
            False,
        )

    def test_has_the_same_lines_in_its_csv(self, reconciled: RunResult) -> None:
        lines = reconciled.report.json["discrepancies"]

        assert [row["discrepancy"] for row in reconciled.report.rows] == [line["discrepancy"] for line in lines]
        assert list(reconciled.report.rows[0]) == list(lines[0])

    def test_puts_no_formula_into_a_spreadsheet(self, reconciled: RunResult) -> None:
        (row,) = (row for row in reconciled.report.rows if row["transaction_id"] == reconciled.orphans["formula"])

        assert row["order_id"] == "(not shown)"
        assert FORMULA not in reconciled.report.text

    def test_adds_up_both_sides(self, reconciled: RunResult) -> None:
        totals = {each["currency"]: each for each in reconciled.report.json["totals"]}

        assert set(totals) >= {"GBP", "EUR"}
        for each in totals.values():
            theirs, ours, difference = each["gateway"], each["here"], each["difference"]
            assert all(theirs[key] - ours[key] == difference[key] for key in difference)
        # Our payments are in GBP; the gateway's EUR are the orphan and the payment that it lists in another currency.
        assert totals["EUR"]["gateway"]["amount"] == 2600
        assert totals["EUR"]["here"]["amount"] == 0
        assert totals["GBP"]["gateway"]["refunded"] == totals["GBP"]["here"]["refunded"] == 100
        assert totals["GBP"]["gateway"]["charged_back"] == totals["GBP"]["here"]["charged_back"] == 100

    def test_explains_each_difference_by_its_lines(self, reconciled: RunResult) -> None:
        assert explained_by_lines(reconciled.report.json) == differences(reconciled.report.json)

    @pytest.mark.parametrize("form", ["json", "csv"])
    def test_is_encrypted_with_a_key_of_kms(self, reconciled: RunResult, form: str) -> None:
        assert reconciled.system.fetch(reconciled.result["report"][form])["ServerSideEncryption"] == "aws:kms"

    def test_holds_no_card_and_no_personal_data_nor_does_any_other_sink(self, reconciled: RunResult) -> None:
        system = reconciled.system
        system.bus.poll()
        sinks = [
            reconciled.report.text,
            log_text(system.stack.admin),
            str(system.bus.received),
            str(system.item(_any_id(reconciled))),
        ]
        for text in sinks:
            assert reconciled.orphans["paid"] in text or _any_id(reconciled) in text
            assert "424242******4242" not in text
            assert [name for name in ("Orphan", "ada@example.com", "james@gmail.com") if name in text] == []
            assert card_numbers_in(text) == []


def test_discrepancies_are_metrics(reconciled: RunResult) -> None:
    values = [
        value for value in Metrics(reconciled.system.stack.admin).feed() if value.name == "ReconciliationDiscrepancies"
    ]
    by_kind: Counter[str] = Counter()
    for value in values:
        by_kind[dict(value.dimensions).get("discrepancy", "all of them")] += int(value.value)

    for kind, count in reconciled.result["discrepancies"].items():
        assert by_kind[kind] >= count


def test_progress_is_logged(reconciled: RunResult) -> None:
    lines = [line for line in log_text(reconciled.system.stack.admin).splitlines() if '"reconciling"' in line]

    assert any(f'"rows":{reconciled.result["rows"]}' in line.replace(" ", "") for line in lines), lines


def test_a_listed_payment_is_no_longer_marked_unlisted(reconciled: RunResult) -> None:
    for name in ("agrees", "never-taken", "refunded", "forgotten", "unlisted"):
        assert "unlisted_on" not in reconciled.system.item(reconciled.payments[name]["id"]), name
    assert "unlisted_on" in reconciled.system.item(reconciled.payments["never-arrived"]["id"])


class TestASecondReconciliation:
    """Runs last: it reconciles the same day again after a reviewer has decided one payment."""

    def test_changes_no_recorded_outcome_and_no_decision(self, reconciled: RunResult) -> None:
        system = reconciled.system
        suspected = reconciled.payments["suspected"]["id"]
        ledger = DynamoLedger(system.stack.admin.client("dynamodb"), system.stack.table)
        decide(ledger, suspected, Status.SUCCEEDED, who="ada", why="the gateway cleared it", at=datetime.now(UTC))
        adopted = [line["payment_id"] for name in ("paid", "declined", "twin") for line in reconciled.lines(name)]
        ids = [*adopted, *(payment["id"] for payment in reconciled.payments.values())]
        before = [system.read(payment_id) for payment_id in ids]

        result = reconciled.again()
        report = system.report(result)

        assert [system.read(payment_id) for payment_id in ids] == before
        assert system.read(suspected)["status"] == "succeeded"
        assert result["discrepancies"]["suspicious"] == 1, "it is still reported"
        assert [line["discrepancy"] for line in report.about(reconciled.orphans["paid"])] == ["undecided"]
        assert explained_by_lines(report.json) == differences(report.json), (
            "a payment that waits for a decision has a line, too"
        )
        assert result["report"] != reconciled.result["report"], "a report is never overwritten"


def _any_id(reconciled: RunResult) -> str:
    (line,) = reconciled.lines("paid")
    return str(line["payment_id"])
