"""The follow-up door: every minute, finishes the payments that are due within the function's time."""

from typing import Any

from follow_up.gauges import measure_backlog, measure_run
from follow_up.share import share_of
from payments.follow_up.backlog import FollowUpIndex
from payments.follow_up.finish import PaymentFinisher
from payments.follow_up.lanes import Threads
from payments.follow_up.run import run
from payments.model.timestamps import utc_now
from payments.refunding.late import LateRefunding
from payments.refunding.refund import Refunding
from payments.runtime import bootstrap
from payments.runtime.lambda_entry import built_once, invocation
from payments.runtime.settings import FollowUpSettings
from payments.runtime.telemetry import PowertoolsTelemetry


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """The schedule's event in, a summary of the run out. An event without a share takes all shards."""
    with invocation(context.aws_request_id) as telemetry:
        share, follow_ups = share_of(event), _follow_ups()
        lanes = Threads(_settings().follow_up_concurrency)
        done = run(follow_ups, lambda: context.get_remaining_time_in_millis() / 1000, telemetry, share, lanes)
        telemetry.about(None)
        facts = {"run": share.run, "finished": done.finished, "out_of_time": done.out_of_time}
        telemetry.logger.info("follow_up_run", extra=facts)
        measure_run(done, telemetry)
        if share.run == 0:  # one of the runs of a minute measures the whole index
            measure_backlog(_index(), follow_ups.clock, telemetry)
        return {"finished": done.finished, "broken": done.broken, "out_of_time": done.out_of_time}


@built_once
def _settings(telemetry: PowertoolsTelemetry) -> FollowUpSettings:
    return FollowUpSettings.from_environment()


@built_once
def _follow_ups(telemetry: PowertoolsTelemetry) -> PaymentFinisher:
    settings = _settings()
    keys = bootstrap.gateway_keys_of(settings, telemetry, bootstrap.aws("secretsmanager"))
    ledger = bootstrap.ledger_of(settings, leaves_to_relay=False)
    gateway = bootstrap.gateway_of(settings, keys, telemetry, settings.follow_up_concurrency)
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
    return bootstrap.follow_up_index_of(_settings())
