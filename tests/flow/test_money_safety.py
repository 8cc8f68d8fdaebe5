"""At most one charge per key and per order through the stack: many callers at once, and a killed function."""

import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

from local.simulator.control_client import Control
from local.stack import Shop, Stack
from local.stack.cloud import Keys
from local.stack.subscriber import Subscriber
from tests.flow.concurrency import retry_throttled, start_charge_functions
from tests.flow.lambda_processes import kill, processes_of
from tests.flow.payment_tracker import DEADLINE_SECONDS

PROCESSES = 4
AT_ONCE = 50


def test_fifty_requests_with_one_key_from_several_processes_lead_to_one_charge(
    stack: Stack, shop: Shop, gateway: Control, payment: dict[str, Any]
) -> None:
    start_charge_functions(shop, AT_ONCE)
    order = "one-key-fifty-callers"
    answers = _at_once(stack, [(payment | {"order_id": order}, "one-key-fifty-callers")] * AT_ONCE)

    assert {status for status, _ in answers} <= {201, 202}
    assert len({body["id"] for _, body in answers}) == 1
    assert gateway.book()["posts"][order] == 1


def test_many_keys_for_one_order_lead_to_one_charge(stack: Stack, gateway: Control, payment: dict[str, Any]) -> None:
    order = "one-order-many-keys"
    answers = _at_once(stack, [(payment | {"order_id": order}, f"one-order-key-{nth}") for nth in range(AT_ONCE)])

    won = [body for status, body in answers if status == 201]
    refused = [body["code"] for status, body in answers if status == 409]
    assert len(won) == 1
    assert refused == ["order_payment_in_progress"] * (AT_ONCE - 1)
    assert gateway.book()["posts"] | {order: 1} == gateway.book()["posts"]
    assert f"{order}~2" not in gateway.book()["posts"]


def test_a_charge_killed_between_sending_and_its_answer_is_finished_by_the_follow_up(
    stack: Stack,
    shop: Shop,
    gateway: Control,
    bus: Subscriber,
    payment: dict[str, Any],
    table: Any,
    make_due: Callable[[str], None],
    run_follow_up: Callable[..., Any],
) -> None:
    order = "killed-in-between"
    gateway.script("held", order_id=order, webhook="lost")
    answered: list[int] = []
    caller = threading.Thread(
        target=lambda: answered.append(shop.charge(payment | {"order_id": order}, order).status), daemon=True
    )
    caller.start()
    assert gateway.wait(order, held=True)

    kill(processes_of(stack, "ChargeFunction"))
    caller.join(DEADLINE_SECONDS)

    assert answered != [201]
    attempts = shop.get(f"/charges?order_id={order}").json["data"]
    assert [found["status"] for found in attempts] == ["processing"]
    payment_id = attempts[0]["id"]
    repeat = shop.charge(payment | {"order_id": order}, order)
    assert (repeat.status, repeat.headers["Idempotency-Replayed"]) == (202, "true")

    make_due(payment_id)
    run_follow_up()

    assert shop.get(f"/charges/{payment_id}").json["status"] == "succeeded"
    assert bus.wait_for(payment_id, "payment.succeeded") is not None
    assert gateway.book()["posts"][order] == 1
    item = table.get_item(Key={"pk": payment_id})["Item"]
    assert [entry["sequence"] for entry in item["history"]] == list(range(1, int(item["version"]) + 1))


def _at_once(stack: Stack, requests: list[tuple[dict[str, Any], str]]) -> list[tuple[int, Any]]:
    """The answers to requests that several processes send at the same time, each from several threads."""
    shares = [requests[nth::PROCESSES] for nth in range(PROCESSES)]
    api = (stack.api_url, stack.region, stack.identities.client)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        answers = [pool.submit(_send_all, api, share) for share in shares]
        return [answer for share in answers for answer in share.result()]


def _send_all(api: tuple[str, str, Keys | None], requests: list[tuple[dict[str, Any], str]]) -> list[tuple[int, Any]]:
    shop = Shop(*api)

    def send(request: tuple[dict[str, Any], str]) -> tuple[int, Any]:
        answer = retry_throttled(lambda: shop.charge(*request))
        return answer.status, answer.json

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(send, requests))
