"""DynamoDB's typed JSON, its update expressions and its errors."""

from collections.abc import Mapping
from typing import Any, Final

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

NOT_YET_THERE: Final = "attribute_not_exists(pk)"
NOTHING_WRITTEN_SINCE: Final = "revision = :seen_revision"

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize

_TRANSIENT_REASONS: Final = frozenset(
    {"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict", "TransactionInProgress"}
)
_TRANSIENT: Final = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)

_NO_ANSWER: Final = frozenset({"InternalServerError", "InternalFailure", "ServiceUnavailable"})


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Python values as DynamoDB's typed JSON."""
    return {key: _serialize(value) for key, value in values.items()}


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """DynamoDB's typed JSON as Python values."""
    return {key: _deserialize(value) for key, value in item.items()}


def update(
    changes: Mapping[str, Any], append: Mapping[str, Any], values: Mapping[str, Any], add: Mapping[str, int]
) -> dict[str, Any]:
    """The parameters of an update: sets `changes` (None removes the attribute), appends to lists, adds to numbers."""
    sets = [f"#{name} = :{name}" for name, value in changes.items() if value is not None]
    sets += [f"#{name} = list_append(#{name}, :{name})" for name in append]
    removes = [f"#{name}" for name, value in changes.items() if value is None]
    clauses = [f"SET {', '.join(sets)}"] if sets else []
    clauses += [f"REMOVE {', '.join(removes)}"] if removes else []
    clauses += [f"ADD {', '.join(f'#{name} :{name}' for name in add)}"] if add else []
    bound = {f":{name}": value for name, value in {**changes, **append, **add}.items() if value is not None}
    bound |= values
    return {
        "UpdateExpression": " ".join(clauses),
        "ExpressionAttributeNames": {f"#{name}": name for name in [*changes, *append, *add]},
        **({"ExpressionAttributeValues": typed(bound)} if bound else {}),  # DynamoDB rejects an empty mapping
    }


def failed_condition(error: ClientError) -> dict[str, Any]:
    """The stored item if a write failed on its condition, {} if there is none. Raises any other error again."""
    if _code(error) != "ConditionalCheckFailedException":
        raise error
    response: Any = error.response
    return plain(response.get("Item", {}))


def failed_conditions(error: ClientError) -> list[dict[str, Any]]:
    """The stored items, one per write, if a transaction failed on a condition. Raises any other error again."""
    response: Any = error.response
    reasons = response.get("CancellationReasons", [])
    if not any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons):
        raise error
    return [plain(reason.get("Item", {})) for reason in reasons]


def may_pass(error: Exception) -> bool:
    """Whether another try may help: nothing was written for a reason that passes, or nobody knows what was written."""
    return not isinstance(error, ClientError) or _code(error) in _NO_ANSWER or is_transient(error)


def is_transient(error: Exception) -> bool:
    """Whether nothing was written for a reason that passes: a conflict of two transactions, or a throttled table.

    A cancelled transaction has a reason for each write. One that no wait can mend decides for the whole transaction.
    """
    if not isinstance(error, ClientError):
        return False
    if _code(error) == "TransactionCanceledException":
        codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])} - {None, "None"}
        return bool(codes) and codes <= _TRANSIENT_REASONS
    return _code(error) in _TRANSIENT


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
