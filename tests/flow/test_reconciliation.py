"""What was done at the gateway alone, in its dashboard: the sweep finds it, settles it or asks a human, and reports it.

Everything happens first, then one sweep of today; each test looks at one thing that came of it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from local.dashboard.cloudwatch import Metrics
from local.simulator.control import Control
from operate.decide.deciding import decide
from payments.ledger.payments import DynamoLedger
from payments.model.status import Status
from tests.explained_totals import differences, of_the_lines
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
    finding: str | None
    action: str = "none"
    status: str = "succeeded"
    told: str | None = None
    scenario: str = "approve"
    play: dict[str, Any] = field(default_factory=dict)


def review(deed: Deed, finding: str, **more: Any) -> Case:
    return Case(deed, finding, "needs_review", "needs_review", "needs_review", **more)


CASES = {
    "agrees": Case(nothing, None),
    "never-taken": Case(nothing, None, status="failed", scenario="refused-422"),
    "refunded": Case(Control.refund, "refunded_elsewhere", "settled", told="refunded"),
    "charged-back": Case(Control.charge_back, "charged_back", "settled", told="charged_back"),
    "in-doubt": Case(nothing, "settled", "settled", told="succeeded", scenario="charged-then-500"),
    "paid-after-all": Case(
        lambda gateway, order: gateway.decide(order, "approve", overrule=True, quietly=True),
        *("late_success", "settled"),
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
class Swept:
    """The world after one sweep of today."""

    world: World
    payments: dict[str, dict[str, Any]]
    orphans: dict[str, str]
    result: dict[str, Any]
    report: Report

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The report's lines about a case's payment, or about an orphan."""
        if name in self.orphans:
            return self.report.about(self.orphans[name])
        return [line for line in self.report.json["findings"] if line["payment_id"] == self.payments[name]["id"]]

    def again(self) -> dict[str, Any]:
        result = self.world.sweep(first=self.result["from"], last=self.result["to"], anew=True)
        assert result["state"] == "finished"
        return result


@pytest.fixture(scope="module")
def swept() -> Iterator[Swept]:
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
        result = here.sweep(first=today, last=f"{datetime.now(UTC):%Y-%m-%d}")
        assert result.get("state") == "finished", result
        here.reconcile()
        yield Swept(
            here, payments | {"twin": twin, "declined-first": declined_first}, orphans, result, here.report(result)
        )


@pytest.mark.parametrize("name", CASES)
class TestEachThingThatHappened:
    def test_is_a_line_of_the_report(self, swept: Swept, name: str) -> None:
        case = CASES[name]
        lines = swept.lines(name)

        assert [(line["finding"], line["action"]) for line in lines] == (
            [(case.finding, case.action)] if case.finding else []
        )
        for line in lines:
            assert line["status_here"] == case.status
            assert line["order_id"] == name
            assert line["note"].endswith("."), "a sentence"

    def test_is_what_the_payment_says(self, swept: Swept, name: str) -> None:
        case = CASES[name]
        payment = swept.world.read(swept.payments[name]["id"])

        assert payment["status"] == case.status
        if case.action == "needs_review":
            expected = "integrity_mismatch" if case.finding == "mismatch" else case.finding
            assert payment["failure"]["code"] == expected
        if case.told in {"refunded", "charged_back"}:
            fact = payment["refund" if case.told == "refunded" else "chargeback"]
            assert fact["status"] == case.told
            assert fact[f"{case.told}_at"] is not None

    def test_is_told_to_consumers(self, swept: Swept, name: str) -> None:
        case, payment = CASES[name], swept.payments[name]
        if case.told is None:
            return
        event = swept.world.bus.wait_for(payment["id"], f"payment.{case.told}")

        assert event is not None
        assert event["detail"]["metadata"]["source"] == "sweep"
        assert event["detail"]["data"]["status"] == case.status

    def test_without_news_leaves_the_payment_as_it_was(self, swept: Swept, name: str) -> None:
        case, before = CASES[name], swept.payments[name]
        if case.action == "none":
            assert swept.world.read(before["id"])["version"] == before["version"]


class TestAnOrphan:
    def test_becomes_a_payment_that_a_human_must_look_at(self, swept: Swept) -> None:
        (line,) = swept.lines("paid")
        payment = swept.world.read(line["payment_id"])

        assert (line["finding"], line["action"], line["amount_gateway"]) == ("orphan", "needs_review", 2500)
        assert (payment["status"], payment["failure"]["code"]) == ("needs_review", "orphan")
        assert (payment["amount"], payment["currency"], payment["card"]) == (2500, "EUR", None)
        assert payment["transaction_id"] == swept.orphans["paid"]

    def test_takes_no_order_for_it_may_be_another_shops_of_the_same_number(self, swept: Swept) -> None:
        (line,) = swept.lines("paid")

        assert line["order_id"] == "orphan-paid"
        assert swept.world.read(line["payment_id"])["order_id"] is None
        assert swept.world.shop.get("/charges?order_id=orphan-paid").json == {"data": []}

    def test_that_is_a_second_try_for_an_order_takes_the_order_back(self, swept: Swept) -> None:
        """The shopper's first card was declined at the gateway's page, and the second was not."""
        told = {line["finding"]: line["payment_id"] for line in swept.lines("second-try")}
        ours = swept.payments["declined-first"]

        assert told.keys() == {"other_transaction", "orphan"}
        assert told["other_transaction"] == ours["id"]
        assert (ours["status"], swept.world.read(ours["id"])["status"]) == ("failed", "needs_review")

    def test_is_told_to_consumers_from_its_first_entry_on(self, swept: Swept) -> None:
        (line,) = swept.lines("paid")

        assert_told_without_a_gap(swept.world.bus, swept.world.read(line["payment_id"]))

    def test_that_took_no_money_is_a_failed_payment_and_nobodys_work(self, swept: Swept) -> None:
        (line,) = swept.lines("declined")

        assert line["finding"] == "orphan"
        assert swept.world.read(line["payment_id"])["status"] == "failed"

    def test_under_the_order_of_another_payment_does_not_take_its_place(self, swept: Swept) -> None:
        """The same order charged twice at the gateway: the second charge is what somebody must see."""
        (line,) = swept.lines("twin")
        ours = swept.payments["twin"]

        assert line["payment_id"] != ours["id"]
        assert swept.world.read(line["payment_id"])["order_id"] is None
        assert swept.world.read(ours["id"]) == ours

    def test_whose_amount_cannot_be_read_is_only_reported(self, swept: Swept) -> None:
        (line,) = swept.lines("unreadable")

        assert (line["finding"], line["action"], line["payment_id"]) == ("unreadable_row", "none", None)


class TestTheReport:
    def test_counts_what_it_lists(self, swept: Swept) -> None:
        counted = Counter(line["finding"] for line in swept.report.json["findings"])

        assert swept.report.json["counts"] == counted == swept.result["findings"]

    def test_says_how_many_transactions_it_is_about(self, swept: Swept) -> None:
        told = swept.report.json["sweep"]

        assert told["rows"] == told["listed_total"] == swept.result["rows"]
        assert (told["from"], told["to"], told["live"]) == (swept.result["from"], swept.result["to"], False)

    def test_says_the_same_in_its_table(self, swept: Swept) -> None:
        lines = swept.report.json["findings"]

        assert [row["finding"] for row in swept.report.rows] == [line["finding"] for line in lines]
        assert list(swept.report.rows[0]) == list(lines[0])

    def test_runs_no_formula_in_finances_spreadsheet(self, swept: Swept) -> None:
        (row,) = (row for row in swept.report.rows if row["transaction_id"] == swept.orphans["formula"])

        assert row["order_id"] == "(not shown)"
        assert FORMULA not in swept.report.text

    def test_adds_up_both_books(self, swept: Swept) -> None:
        books = {book["currency"]: book for book in swept.report.json["books"]}

        assert set(books) >= {"GBP", "EUR"}
        for book in books.values():
            told = book["gateway"], book["here"], book["difference"]
            assert all(theirs[key] - ours[key] == gap[key] for theirs, ours, gap in [told] for key in gap)
        # Ours is GBP; what the gateway calls EUR is the orphan and the payment of which it names another currency.
        assert books["EUR"]["gateway"]["amount"] == 2600
        assert books["EUR"]["here"]["amount"] == 0
        assert books["GBP"]["gateway"]["refunded"] == books["GBP"]["here"]["refunded"] == 100
        assert books["GBP"]["gateway"]["charged_back"] == books["GBP"]["here"]["charged_back"] == 100

    def test_explains_each_difference_by_its_lines(self, swept: Swept) -> None:
        assert of_the_lines(swept.report.json) == differences(swept.report.json)

    @pytest.mark.parametrize("form", ["json", "csv"])
    def test_is_encrypted_with_a_key_of_kms(self, swept: Swept, form: str) -> None:
        assert swept.world.fetched(swept.result["report"][form])["ServerSideEncryption"] == "aws:kms"

    def test_holds_nothing_of_card_or_shopper_nor_does_any_other_sink(self, swept: Swept) -> None:
        here = swept.world
        here.bus.poll()
        sinks = [swept.report.text, logged(here.stack.admin), str(here.bus.received), str(here.item(_any_id(swept)))]
        for text in sinks:
            assert swept.orphans["paid"] in text or _any_id(swept) in text
            assert "424242******4242" not in text
            assert [name for name in ("Orphan", "ada@example.com", "james@gmail.com") if name in text] == []
            assert [found[0] for found in PAN.finditer(UUID.sub("-", text)) if is_a_card(found[0])] == []


def test_findings_are_metrics(swept: Swept) -> None:
    told = [value for value in Metrics(swept.world.stack.admin).feed() if value.name == "SweepFindings"]
    by_kind: Counter[str] = Counter()
    for value in told:
        by_kind[dict(value.dimensions).get("finding", "all of them")] += int(value.value)

    for kind, count in swept.result["findings"].items():
        assert by_kind[kind] >= count


def test_progress_is_a_line_in_the_log(swept: Swept) -> None:
    lines = [line for line in logged(swept.world.stack.admin).splitlines() if '"sweeping"' in line]

    assert any(f'"rows":{swept.result["rows"]}' in line.replace(" ", "") for line in lines), lines


def test_what_is_seen_in_the_list_is_looked_for_no_more(swept: Swept) -> None:
    for name in ("agrees", "never-taken", "refunded", "forgotten", "unlisted"):
        assert "unlisted_on" not in swept.world.item(swept.payments[name]["id"]), name
    assert "unlisted_on" in swept.world.item(swept.payments["never-arrived"]["id"])


class TestASecondSweep:
    """Comes last: it sweeps the same day anew, after a human has decided on one payment."""

    def test_changes_nothing_that_was_settled_nor_what_a_human_decided(self, swept: Swept) -> None:
        here = swept.world
        suspected = swept.payments["suspected"]["id"]
        ledger = DynamoLedger(here.stack.admin.client("dynamodb"), here.stack.table)
        decide(ledger, suspected, Status.SUCCEEDED, who="ada", why="the gateway cleared it", at=datetime.now(UTC))
        adopted = [line["payment_id"] for name in ("paid", "declined", "twin") for line in swept.lines(name)]
        ids = [*adopted, *(payment["id"] for payment in swept.payments.values())]
        before = [here.read(payment_id) for payment_id in ids]

        result = swept.again()
        report = here.report(result)

        assert [here.read(payment_id) for payment_id in ids] == before
        assert here.read(suspected)["status"] == "succeeded"
        assert result["findings"]["suspicious"] == 1, "it is still said"
        assert [line["finding"] for line in report.about(swept.orphans["paid"])] == ["undecided"]
        assert of_the_lines(report.json) == differences(report.json), "what waits for a decision has a line, too"
        assert result["report"] != swept.result["report"], "a report is never overwritten"


def _any_id(swept: Swept) -> str:
    (line,) = swept.lines("paid")
    return str(line["payment_id"])
