"""What a reconciliation may be asked for: the schedule's days, or any by hand. Whatever else comes begins nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from payments.errors import PaymentsError
from payments.reconciliation.transaction_list import Span

MOST_DAYS: Final = 366
"""A year and its leap day: more is several reconciliations."""

FIRST_YEAR: Final = 2015
"""Before the gateway was."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class RequestRefused(PaymentsError):
    """A payload that asks for no reconciliation; the sentence names the field and the rule."""


@dataclass(frozen=True, slots=True)
class ReconciliationRequest:
    """`seconds` bounds one call, None when only the function's own time does; `anew` begins a finished reconciliation again.

    `daily`: no days are named, as the schedule does it.
    """

    span: Span
    seconds: int | None = None
    anew: bool = False
    daily: bool = False


def parse(event: object, today: date, days: int, first_day: date | None = None) -> ReconciliationRequest:
    """The request in a payload; an empty one asks for the last days, from `first_day` at most, up to yesterday.

    Raises RequestRefused.
    """
    try:
        told = _Payload.model_validate(event)
    except ValidationError as error:
        raise RequestRefused("; ".join(map(_sentence, error.errors(include_url=False, include_input=False)))) from None
    if told.first is None or told.last is None:
        yesterday, first = today - timedelta(days=1), today - timedelta(days=days)
        if first_day is not None and first_day > yesterday:
            raise RequestRefused(f"the first day to reconciliation, {first_day.isoformat()}, is not over yet")
        return ReconciliationRequest(
            Span(max(first, first_day or first), yesterday), told.seconds, told.anew, daily=True
        )
    if told.last > today:
        raise RequestRefused("to: may not be in the future")
    return ReconciliationRequest(Span(told.first, told.last), told.seconds, told.anew)


def _day(value: object) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day as YYYY-MM-DD")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("is no day of the calendar") from None


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    first: Annotated[date | None, BeforeValidator(_day)] = Field(default=None, alias="from")
    last: Annotated[date | None, BeforeValidator(_day)] = Field(default=None, alias="to")
    seconds: int | None = Field(default=None, ge=1, le=900)
    anew: bool = False

    @model_validator(mode="after")
    def _a_span(self) -> Self:
        if (self.first is None) is not (self.last is None):
            raise ValueError("from and to: one is there without the other")
        if self.first is not None and self.last is not None:
            if self.first.year < FIRST_YEAR:
                raise ValueError(f"from: is before {FIRST_YEAR}")
            if self.last < self.first:
                raise ValueError("to: is before from")
            if (self.last - self.first).days >= MOST_DAYS:
                raise ValueError(f"to: more than {MOST_DAYS} days after from")
        return self


def _sentence(error: Mapping[str, Any]) -> str:
    field = ".".join(map(str, error["loc"]))
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{field}: {said}" if field else said
