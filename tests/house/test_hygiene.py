"""What no file of the repository may hold, and how long one may be."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.checkout import FUNCTIONS, ROOT, tracked

FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.~-])/(?:(?:home|Users)/[\w.-]+|root|work)/\w"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z2-7]{16}\b"),
    "a live key of the gateway": re.compile(r"\b(?:PA|FS)_LIVE_[A-Za-z0-9]{6,}"),
    "a private key": re.compile(r"-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}"),
    "a merge conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
LONGEST = 200
"""Lines of a deployed file. Half of them are below a third of it; what grows past it is two things."""


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield str(path.relative_to(ROOT)), path.read_text()
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [f"{name}: {match[0]}" for name, text in texts() for match in FORBIDDEN[what].finditer(text)]

    assert found == []


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of somebody's machine", "see /" + "home/jane/notes"),
        ("an AWS access key", "AKIA" + "ABCDEFGH234567XY"),
        ("a live key of the gateway", "PA_LIVE_" + "0123456789abcdef"),
        ("a private key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ],
)
def test_the_patterns_find_what_they_are_for(what: str, text: str) -> None:
    assert FORBIDDEN[what].search(text)


def test_no_deployed_file_is_long() -> None:
    sources = {path: len(path.read_text().splitlines()) for path in FUNCTIONS.rglob("*.py")}

    assert {str(path.relative_to(ROOT)): lines for path, lines in sources.items() if lines > LONGEST} == {}


def test_nothing_but_packages_lies_beside_the_doors() -> None:
    beside = {path.name for path in FUNCTIONS.iterdir() if path.name != "__pycache__"}
    packages = {path.name for path in FUNCTIONS.iterdir() if (path / "__init__.py").is_file()}

    assert beside - packages == {"Makefile", "requirements.txt"}


def test_the_makefile_ships_every_package() -> None:
    shipped = re.search(r"^PACKAGES := (.+)$", (FUNCTIONS / "Makefile").read_text(), re.MULTILINE)

    assert shipped
    assert set(shipped[1].split()) == {path.name for path in FUNCTIONS.iterdir() if (path / "__init__.py").is_file()}


class TestRequirements:
    @pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-sam.txt"])
    def test_are_pinned_one_by_one(self, name: str) -> None:
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        wanted = [line for line in lines if line and line != "-r requirements.txt"]
        names = [re.split(r"[\[=]", line)[0].lower() for line in wanted]

        assert [line for line in wanted if not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+", line)] == []
        assert len(names) == len(set(names))

    def test_of_the_functions_are_found_by_sam(self) -> None:
        """Where it finds none, a build succeeds without any dependency."""
        link: Path = FUNCTIONS / "requirements.txt"

        assert link.is_symlink()
        assert link.resolve() == ROOT / "requirements.txt"
