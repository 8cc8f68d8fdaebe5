"""The outputs of a deployed stack: default names of table, bus and functions for the operator's commands."""

from typing import Any


def outputs_of(cloudformation: Any, stack: str) -> dict[str, str]:
    """The stack's outputs, by name. `cloudformation` is boto3's client. Raises ClientError when there is no stack."""
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
