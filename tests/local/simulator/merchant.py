"""A small client of a merchant, independent of the service and of the simulator: `cryptography` and urllib3."""

import json
import os
from dataclasses import dataclass, field
from typing import Any

import urllib3
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from local.simulator import Simulator
from local.simulator.exact_json import loads

PAYMENT: dict[str, Any] = {
    "first_name": "James",
    "last_name": "Dean",
    "email": "james@gmail.com",
    "address": "64 Hertingfordbury Rd",
    "country": "GB",
    "city": "Newport",
    "state": "GB",
    "zip": "TF10 8DF",
    "ip_address": "127.0.0.1",
    "phone_number": "7654233212",
    "amount": 100,
    "currency": "GBP",
    "card_number": "4111111111111111",
    "card_expiry_month": "12",
    "card_expiry_year": "2027",
    "card_cvv": "029",
    "redirect_url": "https://shop.example/thanks?order=1&ok=1",
    "order_id": "12524AGSDF34DS",
}
CARD = {name: value for name, value in PAYMENT.items() if name.startswith("card_")}


def encrypted(plaintext: bytes, key: str) -> str:
    iv, padder = os.urandom(16), PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key.encode()), modes.CBC(iv)).encryptor()
    return f"{iv.hex()}:{cipher.update(padder.update(plaintext) + padder.finalize()).hex()}"


@dataclass(frozen=True)
class Answer:
    code: int
    headers: urllib3.HTTPHeaderDict
    raw: bytes

    @property
    def json(self) -> Any:
        return loads(self.raw)

    @property
    def json_or_none(self) -> Any:
        """The JSON body, or the text "not JSON" for any other body."""
        try:
            return self.json
        except ValueError:
            return "not JSON"


@dataclass(frozen=True)
class Merchant:
    simulator: Simulator
    mode: str = "test"
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=5))

    def pay(self, *, leave_out: tuple[str, ...] = (), **changes: Any) -> Answer:
        fields = {name: value for name, value in (PAYMENT | changes).items() if name not in leave_out}
        return self.send(json.dumps(fields).encode())

    def pay_hosted(self, **changes: Any) -> Answer:
        fields = {name: value for name, value in (PAYMENT | changes).items() if name not in CARD or name in changes}
        return self.send(json.dumps(fields).encode(), f"/api/v1/{self.mode}/hosted/card")

    def send(self, plaintext: bytes, path: str | None = None) -> Answer:
        payload = encrypted(plaintext, self.simulator.credentials.encryption_key)
        return self.post(path or f"/api/v1/{self.mode}/card", json.dumps({"payload": payload}).encode())

    def status(self, name: str) -> Answer:
        return self.get(f"/api/{self.mode}/status/{name}")

    def refund(self, of: str, **more: Any) -> Answer:
        body = {"transaction_id": of, "reason": "returned"} | more
        return self.post(f"/api/v1/{self.mode}/refund", json.dumps(body).encode())

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, None, self.bearer | headers)

    def post(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> Answer:
        json_type = {"Content-Type": "application/json"}
        return self.call("POST", path, body, json_type | (self.bearer if headers is None else headers))

    def open(self, url: str) -> Answer:
        return self.call("GET", url.removeprefix(self.simulator.url), None, {})

    def press(self, url: str, **fields: str) -> Answer:
        form = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.call("POST", url.removeprefix(self.simulator.url), form, headers)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.simulator.credentials.secret_key}"}

    def call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        url = self.simulator.url + path
        answer = self.http.request(method, url, body=body, headers=headers, redirect=False)
        return Answer(answer.status, answer.headers, answer.data)
