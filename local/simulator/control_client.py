"""The client of the control API, for tests and the demo."""

from __future__ import annotations

from urllib.parse import quote

import urllib3

from local.simulator.exact_json import Json, dumps, loads


class ControlError(Exception):
    """The control API answered with a status other than 200."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Control:
    """`url` ends in /_control. `of` and `name`: a transaction_id or an order_id. Every call may raise ControlError."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=70))

    def close(self) -> None:
        self._http.clear()

    def book(self) -> dict[str, Json]:
        book: dict[str, Json] = self._get("/book")
        return book

    def transaction(self, name: str) -> dict[str, Json]:
        transaction: dict[str, Json] = self._get(f"/transactions/{_quoted(name)}")
        return transaction

    def deliveries(self, of: str | None = None) -> list[dict[str, Json]]:
        made: list[dict[str, Json]] = self._get("/deliveries" + (f"?of={_quoted(of)}" if of else ""))
        return made

    def reset(self) -> None:
        self._post("/reset")

    def script(
        self, scenario: str | None = None, *, call: str = "card", order_id: str | None = None, **behaviour: Json
    ) -> None:
        """The scenario of the next `call` (card, hosted, refund, list, page); `behaviour` overrides parts of it."""
        named = {} if scenario is None else {"scenario": scenario}
        self._post("/script", {**named, "call": call, "order_id": order_id, **behaviour})

    def scripted(self) -> list[dict[str, Json]]:
        """The scripted scenarios that no call has used yet."""
        remaining: list[dict[str, Json]] = self._get("/script")
        return remaining

    def switch(self, **switches: bool | int) -> dict[str, Json]:
        """refuse_duplicates, status_unavailable, down, page_size."""
        return self._post("/switches", switches)

    def rotate(self, *, keep_previous: bool = False, **keys: str) -> None:
        """Changes the keys that are named: secret_key, encryption_key, webhook_secret."""
        self._post("/credentials", {**keys, "keep_previous": keep_previous})

    def held(self) -> list[dict[str, Json]]:
        waiting: list[dict[str, Json]] = self._get("/held")
        return waiting

    def release(self, of: str | None = None) -> int:
        return int(self._post("/release", {"of": of})["released"])

    def wait(self, of: str | None = None, *, timeout: float = 5, **fact: Json) -> bool:
        """Whether all conditions held within `timeout` seconds: status="SUCCESS", held=True (or how many),
        refunded=True, or a minimum of posts, refund_posts, status_requests, list_requests, deliveries (attempts)
        or delivered (2xx)."""
        try:
            return bool(self._post("/wait", {"of": of, "timeout": timeout, **fact})["happened"])
        except ControlError as error:
            if error.code == 408:
                return False
            raise

    def decide(
        self, name: str, outcome: str, *, message: str | None = None, overrule: bool = False, quietly: bool = False
    ) -> dict[str, Json]:
        """`outcome`: approve, decline, block, abandon, …; `overrule` changes a final status; `quietly`: no webhook."""
        fields = {"outcome": outcome, "message": message, "overrule": overrule, "quietly": quietly}
        return self._post(f"/transactions/{_quoted(name)}/decide", fields)

    def refund(self, name: str) -> dict[str, Json]:
        return self._post(f"/transactions/{_quoted(name)}/refund")

    def charge_back(self, name: str) -> dict[str, Json]:
        return self._post(f"/transactions/{_quoted(name)}/chargeback")

    def suspect(self, name: str) -> dict[str, Json]:
        return self._post(f"/transactions/{_quoted(name)}/suspicious")

    def amend(self, name: str, **order: Json) -> dict[str, Json]:
        return self._post(f"/transactions/{_quoted(name)}/amend", order)

    def list_as(self, name: str, *, hidden: bool = False, stale: bool = False, **row: Json) -> None:
        """Changes the list alone: `hidden` leaves the row out, `stale` shows the version before the last change, and
        `row` overrides columns. Without any of them the row is shown as it is."""
        self._post(f"/transactions/{_quoted(name)}/listing", {"hidden": hidden, "stale": stale, "row": row})

    def forget(self, name: str) -> None:
        self._call("DELETE", f"/transactions/{_quoted(name)}", None)

    def orphan(self, **order: Json) -> str:
        return self.orphans(1, **order)[0]

    def orphans(self, count: int, **order: Json) -> list[str]:
        """Creates transactions that no request made, and returns their ids.

        `order`: amount, currency, order_id ("{n}" becomes a counter), status, created_at (ISO 8601), seconds_apart.
        """
        made: list[str] = self._call("POST", "/orphans", {"count": count, **order})
        return made

    def announce(self, name: str, **behaviour: Json) -> bool:
        """Sends a webhook now; with `webhook="unsigned"` or `webhook_lie="status"` it is a forged one."""
        return bool(self._post(f"/transactions/{_quoted(name)}/webhook", behaviour)["posted"])

    def _get(self, path: str) -> Json:
        return self._call("GET", path, None)

    def _post(self, path: str, fields: Json = None) -> dict[str, Json]:
        answer: dict[str, Json] = self._call("POST", path, fields or {})
        return answer

    def _call(self, method: str, path: str, fields: Json) -> Json:
        body = None if fields is None else dumps(fields).encode()
        headers = {"Content-Type": "application/json"}
        response = self._http.request(method, self._url + path, body=body, headers=headers)
        answer = loads(response.data)
        if response.status != 200:
            raise ControlError(response.status, str(answer.get("message", answer)))
        return answer


def _quoted(name: str) -> str:
    return quote(name, safe="~")
