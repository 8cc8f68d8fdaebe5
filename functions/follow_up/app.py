"""The follow-up door: every minute, finishes the payments that are due within the function's time."""

from typing import Any

from follow_up.gauges import measure_backlog, measure_run
from payments.follow_up.backlog import FollowUpIndex
from payments.follow_up.finish import PaymentFinisher
from payments.follow_up.run import run
from payments.model.timestamps import utc_now
from payments.refunding.late import LateRefunding
from payments.refunding.refund import Refunding
from payments.runtime import bootstrap
from payments.runtime.lambda_entry import built_once, invocation
from payments.runtime.settings import FollowUpSettings
from payments.runtime.telemetry import PowertoolsTelemetry


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's event in, a summary of the run out."""
    with invocation(context.aws_request_id) as telemetry:
        follow_ups = _follow_ups()
        done = run(follow_ups, lambda: context.get_remaining_time_in_millis() / 1000, telemetry)
        telemetry.about(None)
        telemetry.logger.info("follow_up_run", extra={"finished": done.finished, "out_of_time": done.out_of_time})
        measure_run(done, telemetry)
        measure_backlog(_index(), follow_ups.clock, telemetry)
        return {"finished": done.finished, "broken": done.broken, "out_of_time": done.out_of_time}


@built_once
def _follow_ups(telemetry: PowertoolsTelemetry) -> PaymentFinisher:
    settings = FollowUpSettings.from_environment()
    keys = bootstrap.gateway_keys_of(settings, telemetry, bootstrap.aws("secretsmanager"))
    ledger = bootstrap.ledger_of(settings, leaves_to_relay=False)
    gateway = bootstrap.gateway_of(settings, keys, telemetry)
    return PaymentFinisher(
        ledger=ledger,
        gateway=gateway,
        bus=bootstrap.bus_of(settings.bus_name, telemetry),
        clock=utc_now,
        telemetry=telemetry,
        late_refunds=LateRefunding(Refunding(ledger, gateway, utc_now, telemetry), ledger),
    )


@built_once
def _index(telemetry: PowertoolsTelemetry) -> FollowUpIndex:
    return bootstrap.follow_up_index_of(FollowUpSettings.from_environment())
