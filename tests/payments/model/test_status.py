"""The table of moves: what it must say, whoever changes it."""

import re

import pytest

from payments.gateway.envelope import VERDICTS
from payments.model.status import FREES_THE_ORDER, OPEN, TRANSITIONS, Status
from scripts import draw_statuses

FINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.BLOCKED, Status.ABANDONED})
EVERY = pytest.mark.parametrize("status", list(Status))


@EVERY
def test_each_status_has_its_row(status: Status) -> None:
    assert status in TRANSITIONS
    assert set(TRANSITIONS) == set(Status)


@EVERY
def test_no_status_becomes_itself(status: Status) -> None:
    """A repeat is no news: it must not make an entry, and an event."""
    assert status not in TRANSITIONS[status]


@EVERY
def test_nothing_goes_back_to_processing(status: Status) -> None:
    assert Status.PROCESSING not in TRANSITIONS[status]


@EVERY
def test_each_is_open_final_or_a_humans(status: Status) -> None:
    assert [status in OPEN, status in FINAL, status is Status.NEEDS_REVIEW].count(True) == 1


def test_paid_is_paid_but_for_doubt_which_only_a_human_ends() -> None:
    assert TRANSITIONS[Status.SUCCEEDED] == {Status.NEEDS_REVIEW}


@pytest.mark.parametrize("status", sorted(FREES_THE_ORDER))
def test_a_final_status_gives_way_to_evidence_that_money_moved_and_to_doubt_alone(status: Status) -> None:
    assert TRANSITIONS[status] == {Status.SUCCEEDED, Status.NEEDS_REVIEW}


@pytest.mark.parametrize("status", sorted(OPEN))
def test_an_open_payment_may_get_every_verdict_and_may_be_doubted(status: Status) -> None:
    assert FINAL | {Status.NEEDS_REVIEW} <= TRANSITIONS[status]


def test_a_human_may_decide_on_any_verdict_and_nothing_else() -> None:
    assert TRANSITIONS[Status.NEEDS_REVIEW] == FINAL


def test_only_what_moved_no_money_frees_the_order() -> None:
    assert FINAL - {Status.SUCCEEDED} == FREES_THE_ORDER


def test_every_word_of_the_gateway_leads_somewhere() -> None:
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
    """docs/statuses.md says what the table says."""

    def test_is_fresh(self) -> None:
        assert draw_statuses.PAGE.read_text() == draw_statuses.page(), "run `make fix`"

    def test_draws_every_move_and_no_other(self) -> None:
        drawn = re.findall(r"^ +(\w+) -(?:\.-|-)> (\w+)$", draw_statuses.page(), re.MULTILINE)

        assert {(Status(one), Status(other)) for one, other in drawn} == {
            (one, other) for one, others in TRANSITIONS.items() for other in others
        }

    def test_explains_every_status(self) -> None:
        assert all(f"| `{status}` | {draw_statuses.MEANING[status]} |" in draw_statuses.page() for status in Status)
