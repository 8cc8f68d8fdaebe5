"""Answers are pure values: a refusal is returned like any other answer, and nothing that is passed in changes."""

from dataclasses import replace

import pytest

from charge.answers import charge_answer, problem_answer, refund_answer
from charge.problems import Problem
from payments.charging.charge import Charged
from payments.model.follow_up import RefundAttempt
from payments.model.history import Failure, Refund
from payments.model.status import Status
from payments.refunding.refund import Refunded
from tests.fakes import samples
from tests.fakes.clock import START

LOCATION = "/v1/charges/pay_1"


@pytest.mark.parametrize(
    ("code", "status"), [("gateway_credentials", 502), ("invalid_request", 422), ("declined", 201), ("not_sent", 201)]
)
def test_a_failed_charge_is_answered_by_its_failure(code: str, status: int) -> None:
    payment = replace(samples.payment(), status=Status.FAILED, failure=Failure(code, "no"), answered="verdict")
    answer = charge_answer(Charged(payment, replayed=True), LOCATION)
    assert (answer.status, answer.headers) == (status, {"Location": LOCATION, "Idempotency-Replayed": "true"})
    assert answer.content_type == ("application/json" if status == 201 else "application/problem+json")


@pytest.mark.parametrize(
    ("code", "status"),
    [("gateway_credentials", 502), ("refund_refused", 422), ("already_charged_back", 409), ("never_arrived", 202)],
)
def test_a_failed_refund_is_answered_by_its_failure(code: str, status: int) -> None:
    attempt = RefundAttempt("rf_1", "nonce", START, answered="verdict", failure=Failure(code, "no"))
    payment = replace(
        samples.payment(), status=Status.SUCCEEDED, refund=Refund("failed"), refund_attempt=attempt, answered="verdict"
    )
    answer = refund_answer(Refunded(payment), LOCATION)
    assert (answer.status, answer.headers) == (status, {"Location": LOCATION})


def test_a_problem_keeps_its_own_headers_and_changes_no_argument() -> None:
    headers = {"Location": LOCATION}
    problem = Problem(503, "gateway_unreachable", "No.", "same-key", headers={"Retry-After": "5"})
    answer = problem_answer(problem, headers)
    assert answer.headers == {"Location": LOCATION, "Retry-After": "5"}
    assert (headers, problem.headers) == ({"Location": LOCATION}, {"Retry-After": "5"})
