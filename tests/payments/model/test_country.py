"""Country codes, compared with the published table."""

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.model.country import ALPHA_2, ALPHA_3, as_alpha_2


def test_the_table_is_the_published_table() -> None:
    assert {country.alpha_2: country.alpha_3 for country in pycountry.countries} == ALPHA_3


def test_each_code_has_one_code_of_the_other_form() -> None:
    assert len(ALPHA_2) == len(ALPHA_3)
    assert all(ALPHA_2[alpha_3] == alpha_2 for alpha_2, alpha_3 in ALPHA_3.items())


@pytest.mark.parametrize("alpha_2", sorted(ALPHA_3))
def test_both_forms_become_alpha_2(alpha_2: str) -> None:
    assert as_alpha_2(alpha_2) == alpha_2
    assert as_alpha_2(ALPHA_3[alpha_2]) == alpha_2


@pytest.mark.parametrize("code", ["", "gb", "gbr", "UK", "GB ", "G", "XX", "ZZ", "EUR", "826", "England"])
def test_any_other_code_is_none(code: str) -> None:
    assert as_alpha_2(code) is None


@given(st.text())
def test_any_text_is_a_country_or_none(code: str) -> None:
    assert as_alpha_2(code) in ALPHA_3.keys() | {None}
