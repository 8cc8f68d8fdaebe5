"""For every test: no access to the developer's AWS account, flow tests known by their folder, one Hypothesis profile.

No test fails because the machine is busy: a property has no deadline, and slow generation of examples is no error.
`pytest --hypothesis-profile thorough` tries ten times as many examples where a test does not set its own number;
`mutant` tries ten, the same ones each time, because it runs for each of thousands of mutants.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

FLOW = Path(__file__).parent / "flow"

settings.register_profile("fast", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("thorough", settings.get_profile("fast"), max_examples=1000)
settings.register_profile(
    "mutant",
    settings.get_profile("fast"),
    max_examples=10,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("fast")


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
    # The long tests first: one that begins last would keep a single core busy while the others wait.
    items.sort(key=lambda item: item.get_closest_marker("flow") is not None or not item.get_closest_marker("slow"))
