"""The seconds that the gateway gets: the function's time without the cold start and without the verdict's reserve."""

import pytest

from charge import app
from charge.routes import ChargeRoutes
from payments.model.gateway_transaction import GatewayTransaction
from payments.ports.gateway import Submission
from tests.charge.charge_api import ChargeApi, charge_event
from tests.fakes.gateway import ScriptedGateway


class TimedGateway(ScriptedGateway):
    """Records how long each charge may take."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def charge(self, submission: Submission, seconds: float) -> GatewayTransaction:
        self.seconds.append(seconds)
        return super().charge(submission, seconds)


@pytest.mark.parametrize(("building", "gateway"), [(0.0, 20.0), (3.0, 17.0)], ids=["warm", "cold"])
def test_a_cold_start_is_no_time_of_the_gateways(
    api: ChargeApi, monkeypatch: pytest.MonkeyPatch, building: float, gateway: float
) -> None:
    timed = api.gateway = TimedGateway()
    now = [100.0]
    monkeypatch.setattr(app, "monotonic", lambda: now[0])

    def routes() -> ChargeRoutes:
        now[0] += building
        return api.routes()

    answer = app.respond(charge_event(), 27.0, routes, api.console.telemetry)

    assert answer.status == 201
    assert timed.seconds == [pytest.approx(gateway)]


def test_without_time_for_the_verdict_nothing_is_sent(api: ChargeApi) -> None:
    api.seconds = 7.9
    assert api.charge().status == 503
    assert api.gateway.submissions == []
