"""The reviews about survivors, one file a room. Each of them is written by hand, with the reason.

`equivalent`: no input makes a difference that the callers can see. `cosmetic`: the difference is a text for people.
`hangs`: the mutant never ends, so only a time limit notices it.
"""

import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.mutation.found import Fate, Mutant

FOLDER: Final = Path(__file__).parent / "reviewed"
VERDICTS: Final = ("equivalent", "cosmetic", "hangs")


@dataclass(frozen=True)
class Review:
    """What was decided about a mutant that no test kills."""

    mutant: Mutant
    verdict: str
    because: str


def path_of(room: str) -> Path:
    """The file with the reviews of a room. A room without it was not reached yet."""
    return FOLDER / f"{room}.toml"


def read(text: str) -> list[Review]:
    """The reviews in a file. Raises ValueError for one without reason or verdict, or a mutant reviewed twice."""
    found = [
        Review(Mutant(entry["file"], entry["function"], mutant), entry["verdict"], entry["because"].strip())
        for entry in tomllib.loads(text).get("reviewed", [])
        for mutant in entry["mutants"]
    ]
    twice = [mutant for mutant, times in Counter(review.mutant for review in found).items() if times > 1]
    wrong = [review.mutant for review in found if review.verdict not in VERDICTS or not review.because]
    if twice or wrong:
        raise ValueError(f"reviewed twice: {twice}; without a reason or with an unknown verdict: {wrong}")
    return found


def of(room: str) -> list[Review]:
    """The reviews of a room; none when it was not reached yet."""
    path = path_of(room)
    return read(path.read_text()) if path.is_file() else []


def unreviewed(found: Sequence[tuple[Mutant, Fate]], reviews: Sequence[Review]) -> list[Mutant]:
    """The survivors that nobody has reviewed."""
    reviewed = {review.mutant for review in reviews}
    return sorted({mutant for mutant, fate in found if fate == "survived"} - reviewed)


def stale(found: Sequence[tuple[Mutant, Fate]], reviews: Sequence[Review]) -> list[Mutant]:
    """The reviews that are about no survivor any more: the code has changed, or a test kills the mutant now.

    A mutant that hangs may be killed by a test as well, whichever comes first. Only reviews of mutated files count.
    """
    files = {mutant.file for mutant, _ in found}
    alive = {mutant for mutant, fate in found if fate in {"survived", "not run"}}
    exists = {mutant for mutant, _ in found}
    return sorted(
        review.mutant
        for review in reviews
        if review.mutant.file in files and review.mutant not in (exists if review.verdict == "hangs" else alive)
    )


def proposal(mutants: Sequence[Mutant]) -> str:
    """Entries for unreviewed survivors, to be filled in. Without a verdict and a reason they are refused."""
    lines: list[str] = []
    for mutant in mutants:
        lines += ["[[reviewed]]", f'file = "{mutant.file}"', f'function = "{mutant.function}"', 'verdict = ""']
        lines += ['because = ""', f"mutants = ['''{mutant.change}''']", ""]
    return "\n".join(lines)
