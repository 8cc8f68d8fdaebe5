"""Request bodies: the gateway's own flat fields. Each is validated; no value is ever echoed."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from charge import field_rules
from payments.model.card import Card

Name = Annotated[str, StringConstraints(min_length=2, max_length=191), AfterValidator(field_rules.letters)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=255), AfterValidator(field_rules.printable)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=32), AfterValidator(field_rules.printable)]


class HostedBody(BaseModel):
    """A charge without a card: the fields of the gateway's S2S document, without `card_*` and `webhook_url`.

    `webhook_url` is no field: the deployment sets it.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    payment_method: Literal["hosted"]
    first_name: Name
    last_name: Name
    email: Annotated[str, AfterValidator(field_rules.email)]
    address: Line
    country: Annotated[str, AfterValidator(field_rules.country)]
    city: Line
    state: Line
    zip: Short
    ip_address: Annotated[str, AfterValidator(field_rules.ip_address)]
    phone_number: Annotated[str, AfterValidator(field_rules.phone_number)]
    amount: Annotated[int, Field(gt=0), AfterValidator(field_rules.at_most_the_maximum)]
    currency: Annotated[str, AfterValidator(field_rules.currency)]
    redirect_url: Annotated[str, AfterValidator(field_rules.redirect_url)]
    order_id: Annotated[str, AfterValidator(field_rules.order_id)] | None = None
    terminal_id: Annotated[str, AfterValidator(field_rules.terminal_id)] | None = None

    def shopper(self) -> dict[str, str]:
        """The fields about the shopper, under the gateway's names."""
        fields: dict[str, Any] = self.model_dump(include=set(SHOPPER_FIELDS))
        return {name: str(value) for name, value in fields.items()}

    def card(self) -> Card | None:
        """None: the shopper enters the card on the gateway's page."""
        return None


class CardBody(HostedBody):
    """A charge with its card: all fields of the gateway's S2S document."""

    payment_method: Literal["card"] = "card"  # type: ignore[assignment]  # narrows the field of HostedBody
    card_number: Annotated[str, Field(repr=False), AfterValidator(field_rules.card_number)]
    card_expiry_month: Annotated[str, AfterValidator(field_rules.month)]
    card_expiry_year: Annotated[str, AfterValidator(field_rules.year)]
    card_cvv: Annotated[str, Field(repr=False), AfterValidator(field_rules.cvv)]

    @model_validator(mode="after")
    def _order_id_holds_no_card_number(self) -> Self:
        """The order id is stored, logged and published, so it must not contain the card number."""
        if self.order_id and self.card_number in re.sub(r"[^0-9]", "", self.order_id):
            raise PydanticCustomError("holds_card_number", "may not hold the card's number", {"field": "order_id"})
        return self

    def card(self) -> Card | None:
        """The card."""
        return Card(self.card_number, self.card_cvv, self.card_expiry_month, self.card_expiry_year)


class RefundBody(BaseModel):
    """The body of `POST /charges/{id}/refunds`. No `amount`: the gateway refunds it all."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: Annotated[Line, AfterValidator(field_rules.without_card_number)]


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
