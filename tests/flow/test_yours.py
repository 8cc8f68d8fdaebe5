"""The commands that `make run` prints for pasting work."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from local.demo import snippets
from local.stack import Stack


def pasted(text: str) -> str:
    ran = subprocess.run(["/bin/sh", "-c", text], check=False, capture_output=True, text=True, timeout=180)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_curl_line_makes_a_payment(stack: Stack) -> None:
    payment: dict[str, Any] = json.loads(pasted(snippets.curl(stack)))
    assert payment["status"] == "requires_action"


def test_the_python_snippet_makes_a_payment(stack: Stack) -> None:
    status, _, body = pasted(snippets.python(stack)).partition(" ")
    assert status == "201"
    assert json.loads(body)["status"] == "requires_action"
