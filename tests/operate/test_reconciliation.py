"""The reconciliation by hand: called until done, progress printed, interrupted without harm, the report saved."""

import io
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from operate.reconciliation.__main__ import INCOMPLETE, INTERRUPTED, main, options
from operate.reconciliation.console import outcome, progress
from operate.reconciliation.function import RETRY_SECONDS, SECONDS_A_CALL, Days
from tests.recorded_events import recorded

DAYS = Days(date(2026, 11, 1), date(2026, 11, 15))
ARGUMENTS = ["--from", "2026-11-01", "--to", "2026-11-15"]
REPORT = {
    "json": "s3://the-reports/reports/2026-11-01_2026-11-15/2026-11-16T01-00-00.000Z.json",
    "csv": "s3://the-reports/reports/2026-11-01_2026-11-15/2026-11-16T01-00-00.000Z.csv",
}


def result_of(state: str, rows: int = 0, report: dict[str, str] | None = None, **discrepancies: int) -> dict[str, Any]:
    listed = None if state == "held" else 300
    days = {"from": str(DAYS.first), "to": str(DAYS.last)}
    found = {"rows": rows, "listed_total": listed, "discrepancies": discrepancies, "report": report}
    return days | {"state": state, "complete": state == "finished"} | found


FINISHED = result_of("finished", 300, REPORT, orphan=1, charged_back=12)


@dataclass
class Account:
    """Makes the clients of an account with these answers of its function, one answer a call."""

    answers: list[dict[str, Any] | BaseException]
    calls: list[dict[str, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def client(self, _service: str, **_: Any) -> "Account":
        return self

    def describe_stacks(self, **_: Any) -> dict[str, Any]:
        return {
            "Stacks": [
                {"Outputs": [{"OutputKey": "ReconciliationFunctionName", "OutputValue": "reconciliation-function"}]}
            ]
        }

    def invoke(self, **call: Any) -> dict[str, Any]:
        assert (call["FunctionName"], call["Qualifier"]) == ("reconciliation-function", "live")
        self.calls.append(json.loads(call["Payload"]))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        failed = {"FunctionError": "Unhandled"} if "errorType" in answer else {}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())} | failed

    def download_file(self, bucket: str, key: str, file: str) -> None:
        Path(file).write_text(f"{bucket}/{key}")

    def run(self, *arguments: str) -> int:
        return main([*ARGUMENTS, *arguments], self.client, self.waits.append)


def test_it_is_called_until_it_is_finished(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account([result_of("unfinished", 100), result_of("unfinished", 250, orphan=1), FINISHED])

    assert account.run() == 0

    output = capsys.readouterr().out.splitlines()
    assert output[:3] == [
        "unfinished: 100 of 300 rows compared, 0 discrepancies",
        "unfinished: 250 of 300 rows compared, 1 discrepancy",
        "finished: 300 of 300 rows compared, 13 discrepancies",
    ]
    assert output[3:] == ["12 charged_back", " 1 orphan", f"json: {REPORT['json']}", f"csv: {REPORT['csv']}"]
    assert account.waits == []


def test_the_request_equals_the_recorded_request_by_hand() -> None:
    account = Account([FINISHED])
    account.run()

    assert account.calls == [recorded("reconciliation-by-hand")]
    assert account.calls[0]["seconds"] == SECONDS_A_CALL


def test_anew_is_sent_only_with_the_first_call() -> None:
    account = Account([result_of("unfinished", 100), FINISHED])

    assert account.run("--anew") == 0
    assert [call["anew"] for call in account.calls] == [True, False]


def test_anew_is_sent_again_while_another_call_has_the_lease() -> None:
    account = Account([result_of("held"), result_of("unfinished", 100), FINISHED])

    assert account.run("--anew") == 0
    assert [call["anew"] for call in account.calls] == [True, True, False]
    assert account.waits == [RETRY_SECONDS]


def test_a_call_without_progress_is_followed_by_a_wait() -> None:
    account = Account([result_of("unfinished", 100), result_of("unfinished", 100), FINISHED])

    assert account.run() == 0
    assert account.waits == [RETRY_SECONDS]


def test_ctrl_c_leaves_the_reconciliation_and_prints_how_to_continue(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account([result_of("unfinished", 100), KeyboardInterrupt()])

    assert account.run("--stack", "shop") == INTERRUPTED
    assert "python -m operate.reconciliation --from 2026-11-01 --to 2026-11-15 --stack shop" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"error": "to: lies in the future"}, "to: lies in the future"),
        (
            {"errorType": "SettingsError", "errorMessage": "RECONCILIATION_DAYS: missing"},
            "SettingsError: RECONCILIATION_DAYS: missing",
        ),
        ({"errorType": "Sandbox.Timedout"}, "Sandbox.Timedout: no message"),
    ],
)
def test_a_refusal_of_the_function_is_printed(
    answer: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Account([answer]).run() == 1
    assert capsys.readouterr().err == f"{message}\n"


def test_the_report_is_saved_under_its_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert Account([FINISHED]).run("--save", str(tmp_path / "reports")) == 0

    names = [
        "2026-11-01_2026-11-15_2026-11-16T01-00-00.000Z.csv",
        "2026-11-01_2026-11-15_2026-11-16T01-00-00.000Z.json",
    ]
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == names
    assert (tmp_path / "reports" / names[0]).read_text() == REPORT["csv"].removeprefix("s3://")
    assert f"saved: {tmp_path / 'reports' / names[0]}" in capsys.readouterr().out


def test_no_discrepancies_are_printed_as_such() -> None:
    assert next(outcome(result_of("finished", 300, REPORT))) == "no discrepancies: both sides agree"


def test_rows_are_printed_without_a_total_that_the_gateway_did_not_give() -> None:
    assert (
        progress(result_of("unfinished", 7) | {"listed_total": None}) == "unfinished: 7 rows compared, 0 discrepancies"
    )


@pytest.mark.parametrize("wrong", [[], ["--from", "2026-11-01"], ["--from", "yesterday", "--to", "2026-11-15"]])
def test_both_days_are_named(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(wrong)
    assert "usage" in capsys.readouterr().err


def test_a_list_with_holes_is_printed_as_incomplete(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account([result_of("finished", 7, REPORT) | {"complete": False}])

    assert account.run() == INCOMPLETE
    output = capsys.readouterr().out
    assert "both sides agree" not in output
    assert "not complete" in output
    assert f"json: {REPORT['json']}" in output


def test_a_stuck_reconciliation_is_not_called_again_and_the_command_for_it_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    account = Account([result_of("unfinished", 100), result_of("stuck", 100)])

    assert account.run("--stack", "shop") == 1
    assert len(account.calls) == 2
    output = capsys.readouterr().err
    assert "cannot be read to its end" in output
    assert "--from 2026-11-01 --to 2026-11-15 --stack shop --anew" in output


def test_anew_restarts_a_stuck_reconciliation() -> None:
    account = Account([result_of("unfinished", 100), FINISHED])

    assert account.run("--anew") == 0
    assert [call["anew"] for call in account.calls] == [True, False]
