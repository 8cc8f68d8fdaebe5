"""A field that the API accepts reaches the gateway: each field of the body is in the request and in the submission."""

import dataclasses
import json

from charge.schemas import SHOPPER_FIELDS, CardBody, HostedBody
from payments.charging.request import ChargeRequest
from payments.gateway.envelope import Dialect
from payments.gateway.payloads import charge_payload
from payments.model.money import Money
from payments.ports.gateway import Submission

IN_MONEY = {"amount", "currency"}
IN_CARD = set(CardBody.model_fields) - set(HostedBody.model_fields)
NOT_SENT = {"payment_method"}
"""The field chooses the schema and the gateway's endpoint."""

OF_THE_CALLER = {"caller", "idempotency_key"}
"""Fields of a request that are headers: they make the payment's id."""


def names(kind: type[ChargeRequest | Submission]) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)}


def test_every_field_of_the_body_is_in_the_charge_request() -> None:
    single = set(HostedBody.model_fields) - set(SHOPPER_FIELDS) - IN_MONEY - NOT_SENT
    missing = single - names(ChargeRequest)

    assert missing == set(), (
        "functions/charge/schemas.py: add these to SHOPPER_FIELDS, or to ChargeRequest "
        "(functions/payments/charging/request.py) and charge_request (functions/charge)"
    )


def test_every_shopper_field_is_a_field_of_the_body() -> None:
    unknown = set(SHOPPER_FIELDS) - set(HostedBody.model_fields)

    assert unknown == set(), "functions/charge/schemas.py: HostedBody has no such fields"


def test_every_field_of_the_charge_request_is_in_the_submission() -> None:
    missing = names(ChargeRequest) - OF_THE_CALLER - names(Submission)

    assert missing == set(), "functions/payments/ports/gateway.py: add these to Submission"


def test_every_field_of_the_submission_is_in_the_payload() -> None:
    groups = {"money", "card", "shopper"}
    single = {name: name for name in sorted(names(Submission) - groups)}
    submission = Submission(money=Money(100, "GBP"), card=None, shopper={"country": "GB"}, **single)
    missing = set(single) - set(json.loads(charge_payload(submission, Dialect("minor", "alpha-2"))))

    assert missing == set(), "functions/payments/gateway/payloads.py: charge_payload leaves these out"


def test_only_the_card_body_has_card_fields() -> None:
    assert all(name.startswith("card_") for name in IN_CARD), "functions/charge/schemas.py: CardBody adds a card only"
