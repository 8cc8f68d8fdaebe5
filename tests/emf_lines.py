"""The production telemetry with a log that a test can read."""

from io import StringIO

from aws_lambda_powertools import Logger

from payments.runtime.emf import EmfLines
from payments.runtime.telemetry import PowertoolsTelemetry


class Console:
    """The log of one function."""

    def __init__(self, service: str) -> None:
        self._log = StringIO()
        logger = Logger(service=service, stream=self._log)
        for handler in logger.handlers:  # Powertools keeps one logger a service, with the stream it was first given
            handler.setStream(self._log)  # type: ignore[attr-defined]
        self.telemetry = PowertoolsTelemetry(logger, EmfLines("tests", service))

    def read(self) -> str:
        """Everything logged so far."""
        return self._log.getvalue()
