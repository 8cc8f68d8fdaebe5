"""The routes, and the one place where a refusal becomes an HTTP answer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web

from local.simulator import asking, charging, dashboard, plane, refunding, shopper
from local.simulator.answers import spoken
from local.simulator.gateway import GATEWAY, Gateway
from local.simulator.intake import RefusedError

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
            web.post(card, charging.card),
            web.post(hosted, charging.hosted),
            web.get(f"/api/{_MODE}/status/{{name}}", asking.status),
            web.post(f"/api/v1/{_MODE}/refund", refunding.refund),
            web.get(f"/api/v1/{_MODE}-transactions", asking.transactions),
            web.get(card + "/checkout/{transaction_id}", shopper.challenge),
            web.post(card + "/checkout/{transaction_id}", shopper.respond),
            web.get(hosted + "/checkout/{transaction_id}", shopper.card_form),
            web.post(hosted + "/checkout/{transaction_id}", shopper.pay),
            web.get("/_control/book", plane.book),
            web.get("/_control/deliveries", plane.deliveries),
            web.get("/_control/script", plane.remaining),
            web.post("/_control/script", plane.script),
            web.post("/_control/switches", plane.switches),
            web.post("/_control/credentials", plane.credentials),
            web.post("/_control/reset", plane.reset),
            web.get("/_control/held", plane.held),
            web.post("/_control/release", plane.release),
            web.post("/_control/wait", plane.wait),
            web.post("/_control/orphans", dashboard.orphans),
            web.get("/_control/transactions/{name}", dashboard.one),
            web.delete("/_control/transactions/{name}", dashboard.forget),
            web.post("/_control/transactions/{name}/decide", dashboard.decide),
            web.post("/_control/transactions/{name}/refund", dashboard.refund),
            web.post("/_control/transactions/{name}/chargeback", dashboard.charge_back),
            web.post("/_control/transactions/{name}/suspicious", dashboard.suspect),
            web.post("/_control/transactions/{name}/amend", dashboard.amend),
            web.post("/_control/transactions/{name}/listing", dashboard.listing),
            web.post("/_control/transactions/{name}/webhook", dashboard.announce),
        ]
    )
    return app


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.app[GATEWAY].switches.down and not request.path.startswith("/_control"):
        return spoken({"message": "Service Unavailable"}, 503)
    try:
        return await handler(request)
    except RefusedError as refusal:
        return spoken(refusal.spoken(), refusal.code)
    except web.HTTPNotFound:
        return spoken({"message": "Route not found"}, 404)
    except web.HTTPException as error:
        return spoken({"message": error.reason}, error.status)


@asynccontextmanager
async def serving(gateway: Gateway, port: int) -> AsyncIterator[str]:
    """Serves on 127.0.0.1 while inside, and yields the URL. Leaving it drops what is still held or in the post."""
    runner = web.AppRunner(application(gateway), access_log=None, shutdown_timeout=0.2)
    await gateway.postman.start()
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        gateway.holds.drop()
        await runner.cleanup()
        await gateway.postman.stop()
