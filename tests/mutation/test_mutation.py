"""A survivor without a review is a fault, and so is a review without a survivor."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.house.checkout import FUNCTIONS
from tests.mutation import found, own_children, page, reviewed, workspace
from tests.mutation.found import Mutant
from tests.mutation.rooms import ROOMS, Room, room_of

WRITTEN = '''
def x_total__mutmut_orig(a: int, b: int) -> int:
    """The sum."""
    return a + b

def x_total__mutmut_1(a: int, b: int) -> int:
    """The sum."""
    return a - b

class Basket:
    def xǁBasketǁtotal__mutmut_orig(self) -> int:
        return sum(
            self.prices,
            0,
        )

    def xǁBasketǁtotal__mutmut_1(self) -> int:
        return sum(
            self.prices,
            1,
        )
'''
MINUS = Mutant("model/sum.py", "total", "return a + b → return a - b")
ONE = Mutant("model/sum.py", "Basket.total", "0, → 1,")
REVIEWED = """
[[reviewed]]
file = "model/sum.py"
function = "total"
verdict = "equivalent"
because = "b is always zero"
mutants = ['''return a + b → return a - b''']
"""


class TestIdentity:
    def test_a_mutant_is_known_by_its_function_and_the_text_of_its_change(self) -> None:
        assert [mutant for _, mutant in found.mutants_in(WRITTEN, "model/sum.py")] == [MINUS, ONE]

    def test_moved_lines_make_no_other_mutant(self) -> None:
        moved = "import os\n\n\n" + WRITTEN

        assert list(found.mutants_in(moved, "f")) == list(found.mutants_in(WRITTEN, "f"))


def test_in_a_kept_workspace_what_was_noticed_or_reviewed_does_not_run_again(tmp_path: Path) -> None:
    file = tmp_path / "mutants/src/payments/model/sum.py"
    file.parent.mkdir(parents=True)
    file.write_text(WRITTEN)
    names = {"MINUS": "payments.model.sum.x_total__mutmut_1", "ONE": "payments.model.sum.xǁBasketǁtotal__mutmut_1"}
    meta = file.with_name("sum.py.meta")

    def codes_after(reviews: set[Mutant], **codes: int) -> list[int | None]:
        meta.write_text(json.dumps({"exit_code_by_key": {names[name]: code for name, code in codes.items()}}))
        workspace.forget_survivors(tmp_path, reviews)
        return list(json.loads(meta.read_text())["exit_code_by_key"].values())

    assert codes_after(set(), MINUS=1, ONE=0) == [1, None]
    assert codes_after({MINUS}, MINUS=0, ONE=0) == [0, None]


def test_a_time_limit_ends_no_process_but_mutmuts_own() -> None:
    """Mutmut never takes a limit back, and a process id is used again."""
    own = subprocess.Popen(["/bin/sleep", "60"])
    others = subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)
    try:
        own_children.signal_own(others.pid, signal.SIGXCPU)
        own_children.signal_own(own.pid, signal.SIGXCPU)
        assert own.wait(10) == -signal.SIGXCPU
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()


class TestFaults:
    REVIEWS = reviewed.read(REVIEWED)

    def test_a_survivor_without_a_review_is_found(self) -> None:
        assert reviewed.unreviewed([(MINUS, "survived"), (ONE, "survived")], self.REVIEWS) == [ONE]

    def test_a_reviewed_survivor_is_no_fault(self) -> None:
        assert reviewed.unreviewed([(MINUS, "survived")], self.REVIEWS) == []
        assert reviewed.stale([(MINUS, "survived")], self.REVIEWS) == []

    @pytest.mark.parametrize("fate", ["killed", "type error"])
    def test_a_review_of_a_mutant_that_is_noticed_is_stale(self, fate: found.Fate) -> None:
        assert reviewed.stale([(MINUS, fate), (ONE, "killed")], self.REVIEWS) == [MINUS]

    def test_a_review_of_a_mutant_that_no_longer_exists_is_stale(self) -> None:
        assert reviewed.stale([(ONE, "killed")], self.REVIEWS) == [MINUS]

    def test_one_of_two_equal_changes_that_survives_keeps_the_review(self) -> None:
        assert reviewed.stale([(MINUS, "killed"), (MINUS, "survived")], self.REVIEWS) == []

    def test_files_that_were_not_mutated_say_nothing(self) -> None:
        assert reviewed.stale([(Mutant("model/other.py", "f", "1 → 2"), "killed")], self.REVIEWS) == []

    def test_a_mutant_that_hangs_may_also_be_killed(self) -> None:
        hangs = reviewed.read(REVIEWED.replace("equivalent", "hangs"))

        assert reviewed.stale([(MINUS, "killed")], hangs) == []
        assert reviewed.stale([(ONE, "killed")], hangs) == [MINUS]

    def test_a_proposal_is_refused_until_a_person_has_filled_it_in(self) -> None:
        with pytest.raises(ValueError, match="without a reason"):
            reviewed.read(reviewed.proposal([MINUS]))

    def test_a_mutant_is_reviewed_once(self) -> None:
        with pytest.raises(ValueError, match="reviewed twice"):
            reviewed.read(REVIEWED + REVIEWED)


class TestCheckout:
    def test_the_page_is_as_generated(self) -> None:
        assert page.PAGE.read_text() == page.page(), "python -m tests.mutation.run --page"

    @pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
    def test_a_room_and_its_tests_exist(self, room: Room) -> None:
        payments_tests = FUNCTIONS.parent / "tests" / "payments"

        assert (FUNCTIONS / "payments" / room.name).is_dir()
        assert all((payments_tests / path).exists() for path in room.tests)
        assert room_of(f"functions/payments/{room.name}/any.py") == room

    @pytest.mark.parametrize("path", sorted(reviewed.FOLDER.glob("*.toml")), ids=lambda path: path.stem)
    def test_each_review_has_a_reason_and_is_about_a_file_of_its_room(self, path: Path) -> None:
        reviews = reviewed.read(path.read_text())

        assert all(one.mutant.file.startswith(f"{path.stem}/") for one in reviews)
        assert all((FUNCTIONS / "payments" / one.mutant.file).is_file() for one in reviews)

    def test_a_room_is_counted_only_when_it_is_reviewed(self) -> None:
        counted = json.loads(page.COUNTS.read_text())

        assert {room for room in counted if not reviewed.path_of(room).is_file()} == set()
