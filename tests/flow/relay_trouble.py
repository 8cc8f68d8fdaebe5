"""Ways in which the deployed relay fails. Each ends with the context."""

from collections.abc import Iterator
from contextlib import contextmanager

from local.stack import Stack
from tests.flow.permissions import Permission, role_of


@contextmanager
def without_bus(stack: Stack) -> Iterator[None]:
    """The relay's batches fail."""
    with role_of(stack, "RelayFunction").without(Permission("events:PutEvents", "PaymentsBus")):
        yield


@contextmanager
def with_poison(stack: Stack) -> Iterator[None]:
    """The relay cannot read any payment."""
    with role_of(stack, "RelayFunction").without(Permission("dynamodb:GetItem", "PaymentsTable")):
        yield


@contextmanager
def without_relay(stack: Stack) -> Iterator[None]:
    """The stream is not read."""
    functions = stack.admin.client("lambda")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
