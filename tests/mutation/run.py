"""Mass mutation (`python -m tests.mutation.run`): every survivor must be reviewed, and every review must be about one.

Words select rooms. `--changed` mutates only files that differ from `--since` (default: the commit before), and stops
after `--minutes`. `--propose FILE` writes the unreviewed survivors there, as entries for a person to fill in.
`--keep FOLDER` keeps mutmut's results there: the next run with it runs only unreviewed survivors and changed functions
again. That is for a person who reviews a room; a run without it shows that the reviewed mutants still survive.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.house.checkout import ROOT
from tests.mutation import found, page, reviewed, workspace
from tests.mutation.rooms import ROOMS, Room, room_of


def hunted(
    room: Room, files: Sequence[str] = (), seconds: float | None = None, keep: Path | None = None
) -> tuple[list[tuple[found.Mutant, found.Fate]], str]:
    """The mutants of the room, or of those of its files, and a line about them."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="payments-mutation-") as folder:
        copy = keep / room.name if keep else Path(folder)
        copy.mkdir(parents=True, exist_ok=True)
        workspace.make(copy, room, files or [f"{room.name}/*"], {one.mutant for one in reviewed.of(room.name)})
        ended = workspace.run(copy, seconds)
        mutants = found.read(copy)
    left = sum(fate == "not run" for _, fate in mutants)
    if ended and left:
        raise SystemExit(f"{room.name}: mutmut ended, and {left} mutants were not run")
    note = "" if ended else f"; the time was up, and {left} were NOT RUN"
    return mutants, f"{room.name}: {len(mutants)} mutants in {time.monotonic() - start:.0f} s{note}"


def faults(room: Room, mutants: Sequence[tuple[found.Mutant, found.Fate]], propose: Path | None) -> list[str]:
    """What is wrong with the reviews of the room, a line each."""
    reviews = reviewed.of(room.name)
    unreviewed = reviewed.unreviewed(mutants, reviews)
    if propose and unreviewed:
        with propose.open("a") as out:
            out.write(reviewed.proposal(unreviewed))
    return [
        *(f"SURVIVED, not reviewed: {one.file} {one.function}: {one.change}" for one in unreviewed),
        *(f"STALE review: {one.file} {one.function}: {one.change}" for one in reviewed.stale(mutants, reviews)),
    ]


def changed_files(since: str) -> list[str]:
    """The deployed files that differ from that commit, committed or not."""
    listed = subprocess.run(
        ["git", "diff", "--name-only", "--diff-filter=d", since, "--", "functions"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        raise SystemExit(f"nothing was run, because git cannot compare with {since}: {listed.stderr.strip()}")
    return [name for name in listed.stdout.splitlines() if name.endswith(".py")]


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def report(
    room: Room, mutants: Sequence[tuple[found.Mutant, found.Fate]], line: str, propose: Path | None = None
) -> int:
    """Prints the line about the mutants of a room, and what is wrong with its reviews. Returns the number of faults."""
    lines = faults(room, mutants, propose)
    for each in (line, *("  " + fault for fault in lines)):
        say(each)
    return len(lines)


def all_rooms(names: Sequence[str], propose: Path | None, keep: Path | None) -> int:
    """Runs the named rooms, or all. Returns the number of faults; a room that was never reviewed is one."""
    wrong = 0
    for room in (room for room in ROOMS if not names or room.name in names):
        if not reviewed.path_of(room.name).is_file() and not propose:
            say(f"NOT REACHED: nobody has reviewed the survivors of {room.name}; its mutants were not run")
            wrong += 1
            continue
        mutants, line = hunted(room, keep=keep)
        found_wrong = report(room, mutants, line, propose)
        wrong += found_wrong
        if not found_wrong:
            page.count(room.name, mutants)
    return wrong


def changed(since: str, minutes: float) -> int:
    """Runs the mutants of the changed files until the time is up. Returns the number of faults."""
    end = time.monotonic() + 60 * minutes
    by_room: dict[Room, list[str]] = defaultdict(list)
    for path in changed_files(since):
        if (room := room_of(path)) is not None:
            by_room[room].append(path.removeprefix("functions/payments/"))
    wrong = 0
    for room, files in by_room.items():
        if not reviewed.path_of(room.name).is_file():
            say(f"NOT REACHED: nobody has reviewed the survivors of {room.name}, so {', '.join(files)} did not run")
        elif (seconds := end - time.monotonic()) <= 0:
            say(f"NOT RUN, the time was up: {', '.join(files)}")
        else:
            wrong += report(room, *hunted(room, files, seconds))
    if not by_room:
        say(f"no file of the money path differs from {since}")
    return wrong


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", choices=[[], *(room.name for room in ROOMS)])
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--since", default="HEAD~1")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--propose", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--page", action="store_true", help="only write the page again")
    given = parser.parse_args()
    if given.page:
        page.PAGE.write_text(page.page())
        return
    wrong = changed(given.since, given.minutes) if given.changed else all_rooms(given.rooms, given.propose, given.keep)
    if wrong:
        raise SystemExit(f"{wrong} faults: see 'Survivors of mass mutation' in CONTRIBUTING.md")


if __name__ == "__main__":
    main()
