"""The transition table: rules that hold after every change of it."""

import re

import pytest

from payments.gateway.status_words import VERDICTS
from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status
from scripts import draw_statuses

FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.BLOCKED, Status.ABANDONED})
EVERY = pytest.mark.parametrize("status", list(Status))


@EVERY
def test_each_status_has_a_row(status: Status) -> None:
    assert status in TRANSITIONS
    assert set(TRANSITIONS) == set(Status)


@EVERY
def test_no_status_has_a_transition_to_itself(status: Status) -> None:
    """A repeated status must add no entry and no event."""
    assert status not in TRANSITIONS[status]


@EVERY
def test_no_status_goes_back_to_processing(status: Status) -> None:
    assert Status.PROCESSING not in TRANSITIONS[status]


@EVERY
def test_each_status_is_open_final_or_in_review(status: Status) -> None:
    assert [status in OPEN, status in FINAL, status is Status.NEEDS_REVIEW].count(True) == 1


def test_a_succeeded_payment_can_only_go_into_review() -> None:
    assert TRANSITIONS[Status.SUCCEEDED] == {Status.NEEDS_REVIEW}


@pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
def test_a_failed_payment_can_only_succeed_or_go_into_review(status: Status) -> None:
    assert TRANSITIONS[status] == {Status.SUCCEEDED, Status.NEEDS_REVIEW}


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_open_payment_can_get_every_verdict_or_go_into_review(status: Status) -> None:
    assert FINAL | {Status.NEEDS_REVIEW} <= TRANSITIONS[status]


def test_a_review_ends_with_a_verdict() -> None:
    assert TRANSITIONS[Status.NEEDS_REVIEW] == FINAL


def test_only_a_status_without_moved_money_frees_the_order() -> None:
    assert FINAL - {Status.SUCCEEDED} == FREES_THE_ORDER


def test_every_status_but_review_has_a_gateway_word() -> None:
    assert set(VERDICTS.values()) == set(Status) - {Status.NEEDS_REVIEW}


def test_every_status_can_be_reached() -> None:
    reached, todo = set(), [Status.PROCESSING]
    while todo:
        status = todo.pop()
        if status not in reached:
            reached.add(status)
            todo += TRANSITIONS[status]
    assert reached == set(Status)


class TestPage:
    """docs/statuses.md is drawn from the table."""

    def test_it_is_up_to_date(self) -> None:
        assert draw_statuses.PAGE.read_text() == draw_statuses.page(), "run `make fix`"

    def test_it_draws_every_transition_and_no_other(self) -> None:
        drawn = re.findall(r"^ +(\w+) -(?:\.-|-)> (\w+)$", draw_statuses.page(), re.MULTILINE)

        assert {(Status(one), Status(other)) for one, other in drawn} == {
            (one, other) for one, others in TRANSITIONS.items() for other in others
        }

    def test_it_explains_every_status(self) -> None:
        assert all(f"| `{status}` | {draw_statuses.MEANING[status]} |" in draw_statuses.page() for status in Status)
