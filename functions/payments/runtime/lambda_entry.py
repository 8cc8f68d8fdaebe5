"""The entry point of a Lambda function: what all functions do at cold start and around each invocation.

Importing a door builds nothing. Only under SnapStart does the import build what the snapshot then holds: settings and
AWS clients, and no secret.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from payments.runtime.telemetry import PowertoolsTelemetry, powertools

Built = TypeVar("Built")


@cache
def function_telemetry() -> PowertoolsTelemetry:
    """The telemetry of this function: one for the life of the process."""
    return powertools()


def built_once(
    build: Callable[[PowertoolsTelemetry], Built], environment: Mapping[str, str] = os.environ
) -> Callable[[], Built]:
    """`build` as a function that builds at its first call and returns the same object ever after.

    Under SnapStart the first call is made here, while the module is imported. A build that raises is tried again by
    the next call.
    """

    @cache
    def built() -> Built:
        return build(function_telemetry())

    if environment.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        built()
    return built


@contextmanager
def invocation(
    correlation_id: str | None, telemetry_of: Callable[[], PowertoolsTelemetry] = function_telemetry
) -> Iterator[PowertoolsTelemetry]:
    """The telemetry of one invocation: its log lines carry the id; its metrics are written at the end, in any case."""
    telemetry = telemetry_of()
    telemetry.begin(correlation_id)
    try:
        yield telemetry
    finally:
        telemetry.flush()
