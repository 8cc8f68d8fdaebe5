"""Each thing that the two books can disagree about: what becomes of the payment, and the line that a person reads."""

from tests.fakes.listing import row
from tests.sweep.desk import Sweeper


def test_books_that_agree_have_nothing_to_tell() -> None:
    sweeper = Sweeper(row())
    sweeper.paid()
    result = sweeper.sweep()
    assert result["state"] == "finished"
    assert (result["rows"], result["listed_total"], result["findings"]) == (1, 1, {})
    assert sweeper.findings() == []
