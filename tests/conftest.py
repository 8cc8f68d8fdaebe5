"""What holds for every test: none sees the developer's own AWS account, and tests/flow is known by its place."""

import os
from pathlib import Path

import pytest

FLOW = Path(__file__).parent / "flow"


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FLOW in item.path.parents:
            item.add_marker(pytest.mark.flow)
