"""Other settings: with `report` the token suffices and the log shows which key matched; `never` trusts the webhook."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack, running
from tests.flow.logs import log_text
from tests.flow.patient_gateway import RETRY_WEBHOOKS_FAST, PatientControl


@pytest.fixture(scope="module")
def lenient() -> Iterator[Stack]:
    with running(
        simulator_options=RETRY_WEBHOOKS_FAST,
        parameters={"WebhookSignature": "report", "WebhookConfirmation": "never"},
    ) as stack:
        yield stack


@pytest.fixture(scope="module")
def control(lenient: Stack) -> Iterator[Control]:
    control = PatientControl(lenient.gateway.control_url or "")
    yield control
    control.close()


@pytest.mark.parametrize(("webhook", "matched"), [("unsigned", "none"), ("signed", "webhook_secret/current")])
def test_the_token_suffices_and_the_log_shows_which_key_matched(
    lenient: Stack, control: Control, payment: dict[str, Any], webhook: str, matched: str
) -> None:
    shop = Shop(lenient.api_url, lenient.region, lenient.identities.client)
    order = f"report-{webhook}"
    made = shop.charge(payment | {"order_id": order}, order).json
    control.decide(order, "approve", quietly=True)

    assert control.announce(order, **({"webhook": webhook} if webhook == "unsigned" else {}))
    assert control.wait(order, delivered=1)

    assert shop.get(f"/charges/{made['id']}").json["status"] == "succeeded"
    assert control.book()["status_requests"].get(order, 0) == 0, "the webhook itself was enough"
    log = log_text(lenient.admin).splitlines()
    lines = [line for line in log if "webhook_signature" in line and made["id"] in line]
    assert [json.loads(line)["matched"] for line in lines] == [matched]
    assert lenient.gateway.keys.webhook_secret not in "".join(lines)
