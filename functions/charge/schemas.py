"""What a shop may send to `POST /charges`: the gateway's own flat fields, checked one by one, never echoed."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from charge import rules

Name = Annotated[str, StringConstraints(min_length=3, max_length=191), AfterValidator(rules.letters)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(rules.printable)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=32), AfterValidator(rules.printable)]

_ORDER_ID: Final = re.compile(r"(?!pay_)[A-Za-z0-9._-]{3,64}")


class ChargeBody(BaseModel):
    """The fields of the gateway's S2S document, less `webhook_url`, which the deployment sets."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    payment_method: Literal["card"] = "card"
    first_name: Name
    last_name: Name
    email: Annotated[str, AfterValidator(rules.email)]
    address: Line
    country: Annotated[str, AfterValidator(rules.country)]
    city: Line
    state: Line
    zip: Short
    ip_address: Annotated[str, AfterValidator(rules.ip_address)]
    phone_number: Annotated[str, AfterValidator(rules.phone_number)]
    amount: Annotated[int, Field(gt=0), AfterValidator(rules.at_most_the_maximum)]
    currency: Annotated[str, AfterValidator(rules.currency)]
    card_number: Annotated[str, Field(repr=False), AfterValidator(rules.card_number)]
    card_expiry_month: Annotated[str, AfterValidator(rules.month)]
    card_expiry_year: Annotated[str, AfterValidator(rules.year)]
    card_cvv: Annotated[str, Field(repr=False), AfterValidator(rules.cvv)]
    redirect_url: Annotated[str, AfterValidator(rules.redirect_url)]
    order_id: Annotated[str, AfterValidator(rules.matching(_ORDER_ID, "order_id"))] | None = None
    terminal_id: Annotated[str, AfterValidator(rules.matching(re.compile(r"[!-~]{1,64}"), "terminal_id"))] | None = None

    @model_validator(mode="after")
    def _keeps_the_card_to_itself(self) -> Self:
        """The order's id is stored, logged and published; the card's number must not travel in it."""
        if self.order_id and self.card_number in re.sub(r"[^0-9]", "", self.order_id):
            raise PydanticCustomError("holds_card_number", "may not hold the card's number", {"field": "order_id"})
        return self

    def shopper(self) -> dict[str, str]:
        """The fields about the person, as the gateway names them."""
        told: dict[str, Any] = self.model_dump(include=set(SHOPPER_FIELDS))
        return {name: str(value) for name, value in told.items()}


SHOPPER_FIELDS: Final = (
    "first_name",
    "last_name",
    "email",
    "address",
    "country",
    "city",
    "state",
    "zip",
    "ip_address",
    "phone_number",
)
