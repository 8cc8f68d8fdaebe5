"""The list of mutants fits the code it breaks, and its page the list. The hunt itself is `make mutants`."""

import ast

import pytest

from tests.house.checkout import FUNCTIONS, ROOT
from tests.proof.hunt import TABLE, broken, table
from tests.proof.mutants import MUTANTS, Mutant


def test_there_are_enough_of_them() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 12


def test_the_page_tells_of_each() -> None:
    assert TABLE.read_text() == table(), "python -m tests.proof.hunt --table"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_it_fits_the_code_and_somebody_catches_it(mutant: Mutant) -> None:
    whole = (FUNCTIONS / "payments" / mutant.path).read_text()
    assert ast.dump(ast.parse(broken(whole, mutant))) != ast.dump(ast.parse(whole))
    assert mutant.caught_by
    assert all((ROOT / suite.split("::")[0]).is_file() for suite in mutant.caught_by)


def test_one_that_no_longer_fits_is_noticed() -> None:
    with pytest.raises(ValueError, match="no longer there"):
        broken("another text", Mutant("no longer there", "money.py", "old", "new", ()))
