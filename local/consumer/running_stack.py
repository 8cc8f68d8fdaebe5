"""A running stack, read from its manifest, for programs that did not start it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from local.stack.cloud import Cloud, Keys
from local.stack.errors import SettingError


@dataclass(frozen=True, slots=True)
class RunningStack:
    admin: Cloud
    bus: str
    table: str


def running_stack(path: Path) -> RunningStack:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        raise SettingError(f"there is no {path}: start a stack with `make run` or `make up` first") from None
    keys = Keys(content["admin_access_key_id"], content["admin_secret_access_key"])
    return RunningStack(Cloud(content["aws_endpoint_url"], content["region"], keys), content["bus"], content["table"])
