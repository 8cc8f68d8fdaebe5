"""The runbook's commands exist: AWS's services, operations and options as botocore knows them, or the page's own."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from tests.house.checkout import ROOT

PAGES = ("runbook.md", "observability.md")
PROGRAMS = {"aws", "curl", "make", "for", "done"}
OF_THE_COMMAND_LINE = {"query", "output", "region", "cli-binary-format", "max-items"}
"""Options that the AWS command line adds to every operation, or to every list operation."""


def scripts() -> Iterator[str]:
    for page in PAGES:
        yield from re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def commands() -> list[str]:
    """Each AWS command on one line, also those in functions, loops and substitutions."""
    text = "\n".join(scripts()).replace("\\\n", " ")
    return sorted({match.strip() for match in re.findall(r"(?<![\w-])aws [a-z].*", text)})


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service.removesuffix("api"))  # `aws s3api` is S3's own


def words(command: str) -> list[str]:
    """The words of the command; the rest of the line, which may close a loop or a function, is cut off."""
    lexer = shlex.shlex(command.split("    #", maxsplit=1)[0], posix=True, punctuation_chars=";")
    lexer.whitespace_split = True
    return list(lexer)


def functions_of(script: str) -> set[str]:
    """The shell functions that a script defines."""
    return set(re.findall(r"^(\w+)\(\) \{", script, re.MULTILINE))


def test_there_are_commands() -> None:
    assert len(commands()) > 20, f"{__file__}: commands() finds too few in {PAGES}"


@pytest.mark.parametrize("command", commands())
def test_a_command_is_one_of_aws(command: str) -> None:
    _, service, operation, *_ = words(command)
    operations = {xform_name(name, "-"): name for name in model(service).operation_names}

    assert operation in operations, f"docs/runbook.md, docs/observability.md: AWS has no {service} {operation}"
    shape = model(service).operation_model(operations[operation]).input_shape
    known = {xform_name(name, "-") for name in (shape.members if shape else {})}
    used = set(re.findall(r" --([a-z-]+)", command))
    unknown = used - known - OF_THE_COMMAND_LINE
    assert unknown == set(), f"docs/runbook.md, docs/observability.md: {service} {operation} has no such options"


@pytest.mark.parametrize("nth", range(len(list(scripts()))))
def test_a_script_is_valid_shell(nth: int) -> None:
    script = list(scripts())[nth].replace("…", "x")
    checked = subprocess.run(["/bin/sh", "-n"], input=script, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, f"docs/runbook.md, docs/observability.md: {script}\n{checked.stderr}"


def test_a_line_begins_with_a_program_or_a_function_of_the_page() -> None:
    """A misspelt function is still valid shell."""
    pages = "\n".join(scripts()).replace("\\\n", " ")
    begun = {line.split()[0].rstrip(";") for line in pages.splitlines() if re.match(r"[a-z]", line)}
    begun = {word for word in begun if "=" not in word and not word.endswith("()")}

    unknown = begun - functions_of(pages) - PROGRAMS
    assert unknown == set(), (
        "docs/runbook.md, docs/observability.md: neither a program nor defined in `Before you look`"
    )
