"""Names and prose use the terms of the payments field: these words of an earlier version do not come back."""

import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.house.checkout import relative, tracked_files

ROOMS = ("functions", "tests", "local", "operate", "scripts", "examples")
WORDS = {
    "tell": "tell tells telling told",
    "hear": "hear hears hearing heard",
    "weigh": "weigh weighs weighing weighed",
    "judge": "judge judges judging judged judgement",
    "outlook": "outlook outlooks",
    "desk": "desk desks",
    "hatch": "hatch hatches",
    "vault": "vault vaults",
}
FORBIDDEN = {form for forms in WORDS.values() for form in forms.split()}
"""Each word with its inflections. A name is split before it is compared, so "dashboard" is allowed."""

PROSE = re.compile(r"\b(whose|he|his|him|she|her|told|said)\b|\b(?:is|are|was|were|be) heard\b", re.IGNORECASE)
"""Words that make a docstring or a comment hard to read."""


@cache
def sources() -> list[Path]:
    """The tracked Python files of ours."""
    return [path for path in tracked_files() if path.suffix == ".py" and relative(path).split("/")[0] in ROOMS]


def parts(name: str) -> list[str]:
    """`chargeRefused`, `ChargeRefused` and `charge_refused` are all ["charge", "refused"]."""
    return [part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def tokens(path: Path) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(path.read_text()).readline)


def docstrings_and_comments(path: Path) -> Iterator[tuple[int, str]]:
    """Each comment, and each string that is a statement by itself, with its first line."""
    before = tokenize.NEWLINE
    for token in tokens(path):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and before != tokenize.OP):
            yield token.start[0], token.string
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            before = tokenize.NEWLINE
        elif token.type not in (tokenize.NL, tokenize.COMMENT):
            before = tokenize.OP


def listed(hint: str, places: list[str]) -> str:
    """The message of a failure: what to do, and every place (file:line: word) where to do it."""
    return "\n".join([f"{hint}:", *places])


@pytest.mark.parametrize("room", ROOMS)
def test_no_name_has_a_forbidden_word(room: str) -> None:
    found = [
        f"{relative(path)}:{token.start[0]}: {token.string}"
        for path in sources()
        if relative(path).startswith(f"{room}/")
        for token in tokens(path)
        if token.type == tokenize.NAME and FORBIDDEN.intersection(parts(token.string))
    ]
    assert not found, listed("rename these with a term of the payments field or of Python", found)


def test_no_file_has_a_forbidden_word_in_its_path() -> None:
    found = [relative(path) for path in sources() if FORBIDDEN.intersection(parts(relative(path)))]

    assert not found, listed("rename these files, and their tests with them", found)


def test_docstrings_and_comments_of_the_functions_are_plain() -> None:
    found = [
        f"{relative(path)}:{line + text[: match.start()].count(chr(10))}: {match[0]}"
        for path in sources()
        if relative(path).startswith("functions/")
        for line, text in docstrings_and_comments(path)
        for match in PROSE.finditer(text)
    ]
    assert not found, listed("rewrite these sentences with a noun as the subject and in the present tense", found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("was_told", {"told"}), ("ToldApart", {"told"}), ("HEARD", {"heard"}), ("dashboard", set()), ("together", set())],
)
def test_a_forbidden_word_is_found_in_a_name(name: str, expected: set[str]) -> None:
    assert FORBIDDEN.intersection(parts(name)) == expected, f"{__file__}: parts() splits {name} wrongly"


def test_the_readers_of_this_file_find_the_python_files_of_every_room() -> None:
    assert {relative(path).split("/")[0] for path in sources()} == set(ROOMS), f"{__file__}: ROOMS"
    assert list(docstrings_and_comments(Path(__file__))), f"{__file__}: docstrings_and_comments() finds nothing"
