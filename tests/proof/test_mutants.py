"""Each mutant fits the present code, and docs/mutants.md lists all of them. `make mutants` runs them."""

import ast

import pytest

from tests.house.checkout import FUNCTIONS, ROOT
from tests.proof.hunt import TABLE, broken, table
from tests.proof.mutants.all import MUTANTS
from tests.proof.mutants.mutant import Mutant


def test_mutants_are_many_and_have_different_names() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12


def test_the_page_lists_every_mutant() -> None:
    assert TABLE.read_text() == table(), "python -m tests.proof.hunt --table"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_the_code_and_has_tests_that_catch_it(mutant: Mutant) -> None:
    original = (FUNCTIONS / "payments" / mutant.path).read_text()
    assert ast.dump(ast.parse(broken(original, mutant))) != ast.dump(ast.parse(original))
    assert mutant.caught_by
    assert all((ROOT / suite.split("::")[0]).is_file() for suite in mutant.caught_by)


def test_a_mutant_that_no_longer_fits_the_code_raises() -> None:
    with pytest.raises(ValueError, match="no longer there"):
        broken("another text", Mutant("no longer there", "money.py", "old", "new", ()))
