"""Numbers are exact to the last digit."""

import json

import pytest

from local.simulator.exact_json import dumps, loads


@pytest.mark.parametrize("text", ["100", "100.50", "0.1", "211.5", "12345678901234567890.123456789", "-3", "1E+2"])
def test_a_number_is_written_as_it_was_read(text: str) -> None:
    assert dumps(loads(text)) == text


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "", "{", "[1,]", "[" * 100_000])
def test_invalid_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        loads(text)


def test_the_output_is_read_by_the_standard_library() -> None:
    value = {"a": [1, None, True, {"b": 'é"\\\n</script>'}], "c": ""}
    assert json.loads(dumps(value)) == value
