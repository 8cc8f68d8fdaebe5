"""The routes, and the one place where a RefusedError becomes an HTTP response."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from local.simulator import (
    card_api,
    control_api,
    control_transactions_api,
    refund_api,
    shopper_pages,
    status_api,
    transaction_list_api,
)
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.request_parsing import RefusedError
from local.simulator.responses import json_response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp.typedefs import Handler

_MODE = "{mode:live|test}"


def application(gateway: Gateway) -> web.Application:
    app = web.Application(middlewares=[_refusals])
    app[GATEWAY] = gateway
    card, hosted = f"/api/v1/{_MODE}/card", f"/api/v1/{_MODE}/hosted/card"
    app.add_routes(
        [
            web.post(card, card_api.card),
            web.post(hosted, card_api.hosted),
            web.get(f"/api/{_MODE}/status/{{name}}", status_api.status),
            web.post(f"/api/v1/{_MODE}/refund", refund_api.refund),
            web.get(f"/api/v1/{_MODE}-transactions", transaction_list_api.transactions),
            web.get(card + "/checkout/{transaction_id}", shopper_pages.challenge),
            web.post(card + "/checkout/{transaction_id}", shopper_pages.respond),
            web.get(hosted + "/checkout/{transaction_id}", shopper_pages.card_form),
            web.post(hosted + "/checkout/{transaction_id}", shopper_pages.pay),
            web.get("/_control/book", control_api.book),
            web.get("/_control/deliveries", control_api.deliveries),
            web.get("/_control/script", control_api.scripted),
            web.post("/_control/script", control_api.script),
            web.post("/_control/switches", control_api.switches),
            web.post("/_control/credentials", control_api.credentials),
            web.post("/_control/reset", control_api.reset),
            web.get("/_control/held", control_api.held),
            web.post("/_control/release", control_api.release),
            web.post("/_control/wait", control_api.wait),
            web.post("/_control/orphans", control_transactions_api.orphans),
            web.get("/_control/transactions/{name}", control_transactions_api.one),
            web.delete("/_control/transactions/{name}", control_transactions_api.forget),
            web.post("/_control/transactions/{name}/decide", control_transactions_api.decide),
            web.post("/_control/transactions/{name}/refund", control_transactions_api.refund),
            web.post("/_control/transactions/{name}/chargeback", control_transactions_api.charge_back),
            web.post("/_control/transactions/{name}/suspicious", control_transactions_api.suspect),
            web.post("/_control/transactions/{name}/amend", control_transactions_api.amend),
            web.post("/_control/transactions/{name}/listing", control_transactions_api.listing),
            web.post("/_control/transactions/{name}/webhook", control_transactions_api.send_webhook),
        ]
    )
    return app


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.app[GATEWAY].switches.down and not request.path.startswith("/_control"):
        return json_response({"message": "Service Unavailable"}, 503)
    try:
        return await handler(request)
    except RefusedError as refusal:
        return json_response(refusal.body(), refusal.code)
    except web.HTTPNotFound:
        return json_response({"message": "Route not found"}, 404)
    except web.HTTPException as error:
        return json_response({"message": error.reason}, error.status)


@asynccontextmanager
async def serving(gateway: Gateway, port: int) -> AsyncIterator[str]:
    """Serves on 127.0.0.1 inside the block, and yields the URL. At the end held requests and webhooks are dropped."""
    runner = web.AppRunner(application(gateway), access_log=None, shutdown_timeout=0.2)
    await gateway.webhooks.start()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        gateway.held_requests.drop()
        await runner.cleanup()
        await gateway.webhooks.stop()
