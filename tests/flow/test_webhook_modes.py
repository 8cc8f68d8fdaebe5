"""The other settings: `report` lets the token suffice and says what matched, `never` believes the webhook itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.simulator.control_client import Control
from local.stack import Shop, Stack, running
from tests.flow.logs import logged


@pytest.fixture(scope="module")
def lenient() -> Iterator[Stack]:
    with running(
        simulator_options=("--webhook-intervals", "0.1,0.2,0.3"),
        parameters={"WebhookSignature": "report", "WebhookConfirmation": "never"},
    ) as stack:
        yield stack


@pytest.fixture(scope="module")
def control(lenient: Stack) -> Iterator[Control]:
    control = Control(lenient.gateway.control_url or "")
    yield control
    control.close()


@pytest.mark.parametrize(("webhook", "matched"), [("unsigned", "none"), ("signed", "webhook_secret/current")])
def test_the_token_suffices_and_the_log_says_what_matched(
    lenient: Stack, control: Control, payment: dict[str, Any], webhook: str, matched: str
) -> None:
    shop = Shop(lenient.api_url, lenient.region, lenient.identities.client)
    order = f"report-{webhook}"
    made = shop.charge(payment | {"order_id": order}, order).json
    control.decide(order, "approve", quietly=True)

    assert control.announce(order, **({"webhook": webhook} if webhook == "unsigned" else {}))
    assert control.wait(order, delivered=1)

    assert shop.get(f"/charges/{made['id']}").json["status"] == "succeeded"
    assert control.book()["status_requests"].get(order, 0) == 0, "the webhook's word was enough"
    lines = [line for line in logged(lenient.admin).splitlines() if "webhook_signature" in line and made["id"] in line]
    assert [json.loads(line)["matched"] for line in lines] == [matched]
    assert lenient.gateway.keys.webhook_secret not in "".join(lines)
