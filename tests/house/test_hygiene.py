"""Text that no file may contain, the length of a file, and the files that must lie beside the doors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.checkout import FUNCTIONS, ROOT, deployed_packages, relative, tracked_files

FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.~-])/(?:(?:home|Users)/[\w.-]+|root|work)/\w"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)(?!IOSFODNN7EXAMPLE)[A-Z2-7]{16}\b"),
    "a live key of the gateway": re.compile(r"\b(?:PA|FS)_LIVE_[A-Za-z0-9]{6,}"),
    "a private key": re.compile(r"-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}"),
    "a merge conflict": re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE),
}
LONGEST_TEST = 300
"""Lines of a file of tests."""

LONGEST = 200
"""Lines of a deployed file. Half of the files have fewer than a third of it; a longer file has two subjects."""


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked_files():
        try:
            yield relative(path), path.read_text()
        except UnicodeDecodeError:
            continue


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    found = [f"{name}: {match[0]}" for name, text in texts() for match in FORBIDDEN[what].finditer(text)]

    assert found == [], f"remove {what} from these files"


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
    assert FORBIDDEN[what].search(text), f"{__file__}: FORBIDDEN no longer finds {what}"


@pytest.mark.parametrize(("folder", "longest"), [(FUNCTIONS, LONGEST), (ROOT / "tests", LONGEST_TEST)])
def test_no_file_is_long(folder: Path, longest: int) -> None:
    lengths = {relative(path): len(path.read_text().splitlines()) for path in folder.rglob("*.py")}
    long = {name: lines for name, lines in lengths.items() if lines > longest}

    assert long == {}, f"split these files by subject: at most {longest} lines"


def test_nothing_but_packages_lies_beside_the_doors() -> None:
    beside = {path.name for path in FUNCTIONS.iterdir() if path.name != "__pycache__"}
    packages = {path.name for path in deployed_packages()}

    assert beside - packages == {"Makefile", "requirements.txt"}, "functions/ is the artifact: move other files away"


def test_the_makefile_ships_every_package() -> None:
    shipped = re.search(r"^PACKAGES := (.+)$", (FUNCTIONS / "Makefile").read_text(), re.MULTILINE)

    assert shipped, "functions/Makefile: no line PACKAGES := …"
    packages = {path.name for path in deployed_packages()}
    assert set(shipped[1].split()) == packages, "functions/Makefile: PACKAGES lists every package of functions/"


class TestRequirements:
    @pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-sam.txt"])
    def test_are_pinned_one_by_one(self, name: str) -> None:
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text().splitlines()]
        wanted = [line for line in lines if line and line != "-r requirements.txt"]
        names = [re.split(r"[\[=]", line)[0].lower() for line in wanted]

        unpinned = [line for line in wanted if not re.fullmatch(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+", line)]
        assert unpinned == [], f"{name}: pin these with =="
        assert len(names) == len(set(names)), f"{name}: a package is listed twice"

    def test_of_the_functions_are_found_by_sam(self) -> None:
        """Without this file `sam build` succeeds and ships no dependency."""
        link: Path = FUNCTIONS / "requirements.txt"

        assert link.is_symlink(), "functions/requirements.txt must be a link to ../requirements.txt"
        assert link.resolve() == ROOT / "requirements.txt", (
            "functions/requirements.txt must be a link to ../requirements.txt"
        )
