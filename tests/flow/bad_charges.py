"""Charges that a shop may send by mistake or on purpose, each with its refusal. No answer may repeat `31337733`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.demo import document

PAYMENT = {name: value for name, value in document.payment().items() if name != "order_id"}
MAX_AMOUNT = 1_000_000
"""The template's default."""


@dataclass(frozen=True)
class Bad:
    """A body, the expected problem, the field and rule it names, and the part of the body that no answer may repeat."""

    name: str
    body: str | bytes
    status: int
    code: str
    field: str | None = None
    rule: str | None = None
    unrepeatable: str | None = None


def changed(**changes: Any) -> str:
    return json.dumps(PAYMENT | changes)


def without(name: str) -> str:
    return json.dumps({key: value for key, value in PAYMENT.items() if key != name})


def amount(token: str) -> str:
    """The payment with these characters as its amount, whether they are JSON or not."""
    return json.dumps(PAYMENT | {"amount": 0}).replace('"amount": 0', f'"amount": {token}')


def unread() -> Iterator[Bad]:
    """Bodies that are no JSON object."""
    bodies: dict[str, str | bytes] = {
        "no JSON": '{"card_number": "4111111111111111"',
        "nothing": "",
        "blanks": "   ",
        "form data": "card_number=4111111111111111&amount=100",
        "deep lists": "[" * 30_000,
        "deep objects": '{"a":' * 9_000 + "1" + "}" * 9_000,
        "a field twice": changed()[:-1] + ', "amount": 31337733}',
        "a field twice, deeper": changed()[:-1] + ', "more": {"a": 31337733, "a": 2}}',
        "NaN": amount("NaN"),
        "Infinity": amount("-Infinity"),
        "5000 digits": amount("31337733" * 625),
        "a byte order mark": "\ufeff" + changed(),
        "UTF-16": changed().encode("utf-16"),
        "bytes that are no UTF-8": b"\xff\xfe\x00\xc3(31337733",
        "a text that is no UTF-8": json.dumps(
            PAYMENT | {"address": "31337733 Ch\u00e2teau"}, ensure_ascii=False
        ).encode("latin-1"),
    }
    for name, body in bodies.items():
        yield Bad(name, body, 400, "not_json", unrepeatable="31337733")
    for name, body in {
        "a list": f"[{changed()}]",
        "a string": '"31337733"',
        "null": "null",
        "a number": "31337733",
    }.items():
        yield Bad(name, body, 400, "not_an_object", unrepeatable="31337733")
    big = changed(address="31337733" * 8_320)
    yield Bad("65 KiB", big, 413, "too_large", unrepeatable="31337733")
    yield Bad("many bytes in few characters", changed().ljust(30_000) + "\u20ac" * 20_000, 413, "too_large")


def absent() -> Iterator[Bad]:
    """Each field left out, null, and of another type."""
    for name, value in PAYMENT.items():
        yield Bad(f"no {name}", without(name), 422, "invalid_request", name, "missing")
        yield Bad(f"{name} is null", changed(**{name: None}), 422, "invalid_request", name, "wrong_type")
        other: Any = "31337733" if isinstance(value, int) else 31337733
        yield Bad(
            f"{name} of another type", changed(**{name: other}), 422, "invalid_request", name, "wrong_type", "31337733"
        )


def unknown() -> Iterator[Bad]:
    """Fields that do not exist, or that a shop may not set."""
    for name, shown, rule in (
        ("notes", "notes", "unknown_field"),
        ("webhook_url", "webhook_url", "not_allowed"),
        ("Amount", "Amount", "unknown_field"),
        ("4242424242424242", "(unprintable)", "unknown_field"),
        ("card 4242 4242 4242 4242", "(unprintable)", "unknown_field"),
        ("n\u00famero", "(unprintable)", "unknown_field"),
        ("<script>", "(unprintable)", "unknown_field"),
        ("", "(unprintable)", "unknown_field"),
    ):
        unrepeatable = name if shown != name and name else "31337733"
        body = changed(**{name: "https://31337733.example"})
        yield Bad(f"unknown field {name!r}", body, 422, "invalid_request", shown, rule, unrepeatable)
    yield Bad("a name that is no Unicode", changed(**{"\ud800": "1"}), 422, "invalid_request", "body", "wrong_type")


AMOUNTS = (
    ("an object", '{"31337733": 31337733}', "wrong_type", "31337733"),
    ("a list", "[31337733]", "wrong_type", "31337733"),
    ("negative", "-31337733", "not_positive", "31337733"),
    ("zero", "0", "not_positive", None),
    ("minus zero", "-0", "not_positive", None),
    ("fractional", "31337.733", "wrong_type", "31337.733"),
    ("integral, with a point", "31337733.0", "wrong_type", "31337733"),
    ("with an exponent", "31337733e2", "wrong_type", "31337733"),
    ("beyond any float", "1e400", "wrong_type", None),
    ("endlessly small", "31337733e-4000000", "wrong_type", "31337733"),
    ("boolean", "true", "wrong_type", None),
    ("text", '"31337733"', "wrong_type", "31337733"),
    (
        "text in other digits",
        '"\u0663\u0661\u0663\u0663\u0667\u0667\u0663\u0663"',
        "wrong_type",
        "\u0663\u0661\u0663\u0663",
    ),
    ("one above the maximum", str(MAX_AMOUNT + 1), "amount_too_large", str(MAX_AMOUNT + 1)),
    ("400 digits", "31337733" * 50, "amount_too_large", "31337733"),
)

FIELDS: tuple[tuple[str, dict[str, Any], str], ...] = (
    # the field, the changes, the rule they break
    ("currency", {"currency": "QQZ"}, "currency"),
    ("currency", {"currency": "gbp"}, "currency"),
    ("currency", {"currency": "XAU"}, "currency"),
    ("card_number", {"card_number": "4111111111111112"}, "card_number_check_digit"),
    ("card_number", {"card_number": "4111 1111 1111 1111"}, "card_number"),
    ("card_number", {"card_number": "4111-1111-1111-1111"}, "card_number"),
    ("card_number", {"card_number": "\u0664" + "\u0661" * 15}, "card_number"),
    ("card_number", {"card_number": "\uff14" + "\uff11" * 15}, "card_number"),
    ("card_number", {"card_number": "4111111111111111\n"}, "card_number"),
    ("card_number", {"card_number": "0" * 16}, "card_brand_unknown"),
    ("card_number", {"card_number": "42424242424"}, "card_number"),
    ("card_number", {"card_number": "42424242424242424242"}, "card_number"),
    ("card_expiry_year", {"card_expiry_month": "01", "card_expiry_year": "2020"}, "card_expired"),
    ("card_expiry_year", {"card_expiry_year": "27"}, "card_expiry_year"),
    ("card_expiry_year", {"card_expiry_year": "\u0662\u0660\u0662\u0667"}, "card_expiry_year"),
    ("card_expiry_month", {"card_expiry_month": "13"}, "card_expiry_month"),
    ("card_expiry_month", {"card_expiry_month": "7"}, "card_expiry_month"),
    ("card_cvv", {"card_cvv": "9876"}, "card_cvv_length"),
    ("card_cvv", {"card_number": "378282246310005", "card_cvv": "987"}, "card_cvv_length"),
    ("card_cvv", {"card_cvv": "98"}, "card_cvv"),
    ("card_cvv", {"card_cvv": "\u0669\u0668\u0667"}, "card_cvv"),
    ("redirect_url", {"redirect_url": "http://shop31337733.example/back"}, "redirect_url_not_https"),
    ("redirect_url", {"redirect_url": "https://user31337733:secret@shop.example/"}, "redirect_url_not_https"),
    ("redirect_url", {"redirect_url": "http://127.0.0.1@shop31337733.example/"}, "redirect_url_not_https"),
    ("redirect_url", {"redirect_url": "http://localhost.shop31337733.example/"}, "redirect_url_not_https"),
    ("redirect_url", {"redirect_url": "javascript:alert(31337733)"}, "redirect_url_not_https"),
    ("redirect_url", {"redirect_url": "//shop31337733.example/"}, "redirect_url_not_https"),
    ("redirect_url", {"redirect_url": "https://[31337733"}, "redirect_url"),
    ("redirect_url", {"redirect_url": "https://shop31337733.example/a b"}, "redirect_url"),
    ("redirect_url", {"redirect_url": "https://shop.example/" + "31337733" * 256}, "redirect_url"),
    ("order_id", {"order_id": "pay_31337733"}, "order_id"),
    ("order_id", {"order_id": "zq"}, "order_id"),
    ("order_id", {"order_id": "31337733" * 8 + "9"}, "order_id"),
    ("order_id", {"order_id": "31337733~2"}, "order_id"),
    ("order_id", {"order_id": "31337733/../status"}, "order_id"),
    ("order_id", {"order_id": "31337733\n"}, "order_id"),
    ("order_id", {"order_id": "Bestellung\u00dc31337733"}, "order_id"),
    ("terminal_id", {"terminal_id": "31337733 31337733"}, "terminal_id"),
    ("payment_method", {"payment_method": "cash31337733"}, "not_supported"),
    ("first_name", {"first_name": "31337733"}, "letters"),
    ("first_name", {"first_name": "\ud83031337733"}, "wrong_type"),
    ("last_name", {"last_name": "Dean\r\nBcc: 31337733"}, "letters"),
    ("last_name", {"last_name": "\u4dae"}, "too_short"),
    ("last_name", {"last_name": "qzqzqzqz" * 24}, "too_long"),
    ("email", {"email": "31337733"}, "email"),
    ("email", {"email": "31337733@example.com\n"}, "email"),
    ("address", {"address": "31337733\u0000"}, "printable"),
    ("address", {"address": " "}, "printable"),
    ("city", {"city": "31337733\ud800"}, "wrong_type"),
    ("city", {"city": ""}, "too_short"),
    ("zip", {"zip": "31337733" * 5}, "too_long"),
    ("country", {"country": "QQ"}, "country"),
    ("country", {"country": "United31337733"}, "country"),
    ("phone_number", {"phone_number": "313-377-333"}, "phone_number"),
    ("phone_number", {"phone_number": "\u0663" * 9}, "phone_number"),
    ("ip_address", {"ip_address": "313.377.33.1"}, "ip_address"),
    ("ip_address", {"ip_address": "127.0.0.1/31337733"}, "ip_address"),
)  # fmt: skip


def wrong() -> Iterator[Bad]:
    """Fields with a value that breaks a rule."""
    for name, token, rule, unrepeatable in AMOUNTS:
        yield Bad(f"amount is {name}", amount(token), 422, "invalid_request", "amount", rule, unrepeatable)
    for field, changes, rule in FIELDS:
        value = str(changes[field])
        # Two or three characters may appear in any answer by chance; longer values may not.
        unrepeatable = value.strip() if len(value.strip()) > 3 and value.isprintable() else None
        yield Bad(f"{field} {value[:40]!a}", changed(**changes), 422, "invalid_request", field, rule, unrepeatable)


CASES = (*unread(), *absent(), *unknown(), *wrong())
