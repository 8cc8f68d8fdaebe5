"""Every page names files and tests that exist, and CONTRIBUTING.md has a section for each of the ten changes."""

import re
from pathlib import Path

import pytest

from tests.house.checkout import FUNCTIONS, ROOT, relative, tracked_files

SECTIONS = [
    "An optional request field",
    "A gateway status word",
    "A refusal code",
    "The back-off plan",
    "A metric with its alarm",
    "An event type",
    "A limit",
    "A signature encoding",
    "An endpoint of the gateway",
    "The text of a problem",
]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
README = (ROOT / "README.md").read_text()
PAGES = [path for path in tracked_files() if path.suffix == ".md" and path.parent in (ROOT, ROOT / "docs")]
HOW_TO = CONTRIBUTING.partition("\n## How to change X\n")[2]
FOLDERS = "docs|events|examples|functions|local|operate|schemas|scripts|tests"
PATHS = re.compile(rf"`((?:{FOLDERS})/[\w./*-]*|[\w.-]+\.(?:md|yaml|toml|txt))(?:::([\w:]+))?`")


def section(title: str) -> str:
    """The text of one section of "How to change X"."""
    return HOW_TO.partition(f"\n### {title}\n")[2].partition("\n### ")[0]


def test_the_readme_links_to_it() -> None:
    assert "](CONTRIBUTING.md)" in README, "README.md: link to CONTRIBUTING.md"


def test_each_change_has_its_section_in_order() -> None:
    assert re.findall(r"^### (.+)$", HOW_TO, re.MULTILINE) == SECTIONS, "CONTRIBUTING.md: one section for each change"


@pytest.mark.parametrize("title", SECTIONS)
def test_a_section_names_a_deployed_file_and_a_test(title: str) -> None:
    paths = [path for path, _ in PATHS.findall(section(title))]

    assert any(path.startswith(("functions/", "template")) for path in paths), f"CONTRIBUTING.md, {title}: which file?"
    assert any(path.startswith("tests/") for path in paths), f"CONTRIBUTING.md, {title}: which test fails first?"


@pytest.mark.parametrize("title", SECTIONS)
def test_the_names_in_code_that_a_section_gives_exist(title: str) -> None:
    """Constants such as `BACK_OFF`: at least one of the files that the section names has them."""
    text = section(title)
    files = [ROOT / path for path, _ in PATHS.findall(text) if (ROOT / path).is_file()]
    code = "\n".join(path.read_text() for path in files)
    missing = [name for name in re.findall(r"`(_?[A-Z][A-Z_]{3,}|_[a-z_]+)`", text) if name not in code]

    assert missing == [], f"CONTRIBUTING.md, {title}: none of its files has these names"


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_path_and_every_test_exists(page: Path) -> None:
    named = PATHS.findall(page.read_text())
    gone = sorted({path for path, _ in named if not _exists(path, page)})
    no_test = sorted(
        f"{path}::{test}"
        for path, test in named
        if test and path not in gone and f"def {test.rpartition(':')[2]}(" not in (ROOT / path).read_text()
    )
    assert gone == [], f"{relative(page)}: these files do not exist"
    assert no_test == [], f"{relative(page)}: these tests do not exist"


def test_the_pages_name_files() -> None:
    assert PATHS.findall(README), f"{__file__}: PATHS finds nothing in README.md"
    assert PATHS.findall(CONTRIBUTING), f"{__file__}: PATHS finds nothing in CONTRIBUTING.md"


def _exists(path: str, page: Path) -> bool:
    return any(any(folder.glob(path.rstrip("/"))) for folder in (ROOT, page.parent, FUNCTIONS / "payments"))
