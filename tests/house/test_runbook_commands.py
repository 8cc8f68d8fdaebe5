"""The runbook's commands are AWS's: each names a service, an operation and options that botocore knows."""

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
OF_THE_COMMAND_LINE = {"query", "output", "region", "cli-binary-format", "max-items"}
"""Options that the AWS command line adds to every operation, or to every list."""


def scripts() -> Iterator[str]:
    for page in PAGES:
        yield from re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / page).read_text(), re.DOTALL)


def commands() -> list[str]:
    """Each AWS command on one line, out of functions, loops and substitutions."""
    text = "\n".join(scripts()).replace("\\\n", " ")
    return sorted({match.strip() for match in re.findall(r"(?<![\w-])aws [a-z].*", text)})


@cache
def model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service.removesuffix("api"))  # `aws s3api` is S3's own


def words(command: str) -> list[str]:
    """The words up to the end of the command, however the rest of the line closes what is around it."""
    lexer = shlex.shlex(command.split("    #", maxsplit=1)[0], posix=True, punctuation_chars=";")
    lexer.whitespace_split = True
    return list(lexer)


def test_there_are_commands() -> None:
    assert len(commands()) > 20


@pytest.mark.parametrize("command", commands())
def test_a_command_is_one_of_aws(command: str) -> None:
    _, service, operation, *_ = words(command)
    operations = {xform_name(name, "-"): name for name in model(service).operation_names}

    assert operation in operations
    shape = model(service).operation_model(operations[operation]).input_shape
    known = {xform_name(name, "-") for name in (shape.members if shape else {})}
    used = set(re.findall(r" --([a-z-]+)", command))
    assert used - known <= OF_THE_COMMAND_LINE


@pytest.mark.parametrize("nth", range(len(list(scripts()))))
def test_a_script_is_one_of_the_shell(nth: int) -> None:
    script = list(scripts())[nth].replace("…", "x")
    told = subprocess.run(["/bin/sh", "-n"], input=script, capture_output=True, text=True, check=False)

    assert told.returncode == 0, told.stderr
