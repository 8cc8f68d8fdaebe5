"""The documented payment, step by step through the stack. A step that does not happen raises MissingStepError."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from local.demo import document
from local.demo.browser import Browser
from local.demo.timeline import MissingStepError, Timeline, shown
from local.simulator.control_client import Control
from local.stack.api_client import Shop
from local.stack.subscriber import Subscriber

_SECONDS = 20.0
_TOKEN = re.compile(r"/[^/]+$")


@dataclass(frozen=True, slots=True)
class Walkthrough:
    shop: Shop
    gateway: Control
    bus: Subscriber
    timeline: Timeline
    order: dict[str, Any] = field(default_factory=document.payment)
    browser: Browser = field(default_factory=Browser)

    def run(self) -> str:
        """Runs all steps and returns the payment's id. Raises MissingStepError."""
        payment = self._request()
        self._decrypted()
        url = self._redirect(payment)
        self._approval(url)
        self._webhook(payment["transaction_id"])
        self._status()
        self._event(payment["id"])
        self._payment(payment["id"])
        return str(payment["id"])

    def _request(self) -> dict[str, Any]:
        key = f"demo-{secrets.token_hex(8)}"
        answer = self.shop.charge(self.order, key)
        if answer.status != 201:
            raise MissingStepError("request", f"the API answered {answer.status} {answer.body.decode()}")
        payment: dict[str, Any] = answer.json
        self.timeline.record(
            "request",
            f"POST {self.shop.api_url}/charges   Idempotency-Key: {key}   (SigV4; card number and CVV masked here)",
            shown(document.masked(self.order)),
            f"201 {payment['id']} {payment['status']}",
        )
        return payment

    def _decrypted(self) -> None:
        seen = [r for r in self.gateway.book()["requests"] if r["order_id"] == self.order["order_id"]]
        fields = seen[0]["decrypted"] if seen else None
        if not fields or fields["amount"] != self.order["amount"]:
            raise MissingStepError("decrypted", f"the gateway logged {seen}")
        # The last part of the webhook's URL is its secret token.
        fields["webhook_url"] = _TOKEN.sub("/***", fields["webhook_url"])
        self.timeline.record("decrypted", shown(fields), f"POSTed {len(seen)} time, {seen[0]['became']}")

    def _redirect(self, payment: dict[str, Any]) -> str:
        if payment["status"] != "requires_action":
            raise MissingStepError("redirect", f"the payment is {payment['status']}: {payment['message']}")
        url: str = payment["next_action"]["url"]
        self.timeline.record("redirect", url)
        return url

    def _approval(self, url: str) -> None:
        page = self.browser.open(url)
        if "Approve" not in page.form.buttons:
            raise MissingStepError("approval", f"the page at {url} answered {page.status} and has no Approve button")
        sent = self.browser.press(page, "Approve")
        if sent.to != self.order["redirect_url"]:
            raise MissingStepError("approval", f"the page answered {sent.status} and sends the browser to {sent.to}")
        self.timeline.record("approval", f"Approve pressed; {sent.status}, back to the shop at {sent.to}")

    def _webhook(self, transaction_id: str) -> None:
        delivered = self.gateway.wait(transaction_id, delivered=1, timeout=_SECONDS)
        attempts = self.gateway.deliveries(transaction_id)
        if not delivered:
            answers = [attempt["status_code"] or attempt["error"] for attempt in attempts]
            raise MissingStepError("webhook", f"attempts of the gateway: {len(attempts)}, answered with {answers}")
        last = attempts[-1]
        signature = {name.lower(): value for name, value in last["headers"].items()}["fs-webhook-hash"]
        body = json.loads(last["body"])
        self.timeline.record(
            "webhook",
            f"POST {_TOKEN.sub('/***', last['url'])}   fs-webhook-hash: {signature[:8]}…",
            f"{body['status']} {body['data']['amount']} {body['data']['currency']}; answered {last['status_code']}",
        )

    def _status(self) -> None:
        order_id = self.order["order_id"]
        if not self.gateway.wait(order_id, status_requests=1, timeout=_SECONDS):
            raise MissingStepError("status", "the service never asked the gateway for the status")
        asked = self.gateway.book()["status_requests"].get(order_id, 0)
        status = self.gateway.transaction(order_id)["status"]
        self.timeline.record("status", f"GET /api/test/status/{order_id}: {status} (asked {asked} time)")

    def _event(self, payment_id: str) -> None:
        event = self.bus.wait_for(payment_id, "payment.succeeded", _SECONDS)
        if event is None:
            came = [event["detail-type"] for event in self.bus.received]
            raise MissingStepError("event", f"no payment.succeeded came to the subscriber's queue, only {came}")
        before = [e["detail-type"] for e in self.bus.of(payment_id) if e is not event]
        self.timeline.record("event", f"before it: {', '.join(before)}" if before else "", shown(event))

    def _payment(self, payment_id: str) -> None:
        answer = self.shop.get(f"/charges/{payment_id}")
        if answer.status != 200 or answer.json["status"] != "succeeded":
            raise MissingStepError("payment", f"the API answered {answer.status} {answer.body.decode()}")
        self.timeline.record("payment", f"GET {self.shop.api_url}/charges/{payment_id}: 200", shown(answer.json))
