"""The conditions that a test can wait for through the control API, instead of sleeping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.simulator.request_parsing import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.simulator.exact_json import Json
    from local.simulator.gateway import Gateway
    from local.simulator.traffic_log import Delivery


async def wait_for(gateway: Gateway, fields: Mapping[str, Json]) -> bool:
    """Whether all conditions held in time. Raises RefusedError (422) for an unknown condition or a wrong type."""
    wanted = dict(fields)
    of, seconds = wanted.pop("of", None), wanted.pop("timeout", 5)
    if not wanted or set(wanted) - set(_CONDITIONS):
        raise RefusedError(422, f"wait for one or more of: {', '.join(_CONDITIONS)}")
    try:
        return await gateway.changes.wait_until(
            lambda: all(_CONDITIONS[name](gateway, of, value) for name, value in wanted.items()), float(seconds)
        )
    except (TypeError, ValueError):
        raise RefusedError(422, "timeout and counts are numbers") from None


def _status(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    return any(
        one.status == wanted for one in gateway.transactions if of in {None, one.transaction_id, one.order.order_id}
    )


def _held(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    held = gateway.held_requests.count(of)
    return (held > 0) == wanted if isinstance(wanted, bool) else held >= int(wanted)


def _posts(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    posts = gateway.traffic.posts()
    return (sum(posts.values()) if of is None else posts.get(of, 0)) >= int(wanted)


def _refund_posts(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    posts = gateway.traffic.count("refund") if of is None else gateway.traffic.refund_posts().get(of, 0)
    return posts >= int(wanted)


def _refunded(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    known = [one for one in gateway.transactions if of in {None, one.transaction_id, one.order.order_id}]
    return any(one.refunded_at is not None for one in known) == bool(wanted)


def _status_requests(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    asked = gateway.traffic.status_requests
    return (asked.total() if of is None else asked[of]) >= int(wanted)


def _list_requests(gateway: Gateway, _of: str | None, wanted: Json) -> bool:
    return len(gateway.traffic.list_requests) >= int(wanted)


def _deliveries(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    return len(_deliveries_of(gateway, of)) >= int(wanted)


def _delivered(gateway: Gateway, of: str | None, wanted: Json) -> bool:
    return sum(one.accepted for one in _deliveries_of(gateway, of)) >= int(wanted)


def _deliveries_of(gateway: Gateway, of: str | None) -> list[Delivery]:
    return [one for one in gateway.traffic.deliveries if of in {None, one.transaction_id, one.order_id}]


_CONDITIONS: dict[str, Callable[[Gateway, str | None, Json], bool]] = {
    "status": _status,
    "held": _held,
    "posts": _posts,
    "refund_posts": _refund_posts,
    "refunded": _refunded,
    "status_requests": _status_requests,
    "list_requests": _list_requests,
    "deliveries": _deliveries,
    "delivered": _delivered,
}
