"""What the cache of a secret needs of its surroundings."""

import pytest

from tests.fakes.clock import SettableClock
from tests.fakes.telemetry import RecordingTelemetry


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()
