"""The commands of docs/consuming-events.md, run in an empty directory, lead to a consumer that prints payments."""

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from local.stack import Shop, Stack
from local.stack.cloud import Cloud
from tests.flow.logs import log_text
from tests.house.checkout import ROOT

DOCS = (ROOT / "docs/consuming-events.md").read_text()
EXECUTED = re.compile(r"<!-- executed by .* -->\n```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DETAIL = re.compile(r"<!-- the detail of (.*) -->\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_consumer_of_the_docs_prints_payments(
    stack: Stack, shop: Shop, admin: Cloud, payment: dict[str, Any], tmp_path: Path
) -> None:
    (script,) = EXECUTED.findall(DOCS)
    (tmp_path / "stack.json").write_text(json.dumps(stack.manifest()))
    variables = {"PAYMENTS": str(ROOT), "STACK_FILE": str(tmp_path / "stack.json"), "HOME": str(tmp_path)}
    followed = subprocess.run(
        ["/bin/bash", "-euc", script],
        cwd=tmp_path,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert followed.returncode == 0, followed.stdout + followed.stderr

    charged = shop.charge(payment | {"card_number": "4000000000000002"}, "for-the-docs").json
    assert printed(admin, f"payment.processing {charged['id']} {payment['amount']} GBP")
    admin.client("cloudformation").delete_stack(StackName="printer")


def printed(admin: Cloud, line: str) -> bool:
    deadline = time.monotonic() + 60
    while not (found := line in log_text(admin)) and time.monotonic() < deadline:
        time.sleep(0.3)
    return found


def test_the_event_in_the_docs_is_the_sample() -> None:
    ((path, shown),) = DETAIL.findall(DOCS)

    assert json.loads(shown) == json.loads((ROOT / path).read_text())["detail"]
