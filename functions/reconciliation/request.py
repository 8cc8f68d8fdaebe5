"""The payload of a call: empty for the daily reconciliation, or any days by hand. An invalid payload begins nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from payments.errors import PaymentsError
from payments.reconciliation.transaction_list import Span

MAX_DAYS: Final = 366
"""A leap year. More days are several reconciliations."""

FIRST_YEAR: Final = 2015
"""The gateway is younger than this."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class RequestRefused(PaymentsError):
    """An invalid payload; the sentence names the field and the rule."""


@dataclass(frozen=True, slots=True)
class ReconciliationRequest:
    """`seconds`: the time limit of one call; None: the function's own timeout alone.

    `anew`: begins a finished reconciliation again. `daily`: the payload names no days, as the schedule's payload.
    """

    span: Span
    seconds: int | None = None
    anew: bool = False
    daily: bool = False


def parse(event: object, today: date, days: int, first_day: date | None = None) -> ReconciliationRequest:
    """The request in a payload. An empty one means the last `days` days up to yesterday, but none before `first_day`.

    Raises RequestRefused.
    """
    try:
        payload = _Payload.model_validate(event)
    except ValidationError as error:
        raise RequestRefused("; ".join(map(_sentence, error.errors(include_url=False, include_input=False)))) from None
    if payload.first is None or payload.last is None:
        yesterday, first = today - timedelta(days=1), today - timedelta(days=days)
        if first_day is not None and first_day > yesterday:
            raise RequestRefused(f"the first day to reconcile, {first_day.isoformat()}, is not over yet")
        return ReconciliationRequest(
            Span(max(first, first_day or first), yesterday), payload.seconds, payload.anew, daily=True
        )
    if payload.last > today:
        raise RequestRefused("to: may not be in the future")
    return ReconciliationRequest(Span(payload.first, payload.last), payload.seconds, payload.anew)


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
            if (self.last - self.first).days >= MAX_DAYS:
                raise ValueError(f"to: more than {MAX_DAYS} days after from")
        return self


def _sentence(error: Mapping[str, Any]) -> str:
    field = ".".join(map(str, error["loc"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{field}: {message}" if field else message
