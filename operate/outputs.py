"""What a deployed stack says of itself: the names that an operator's command needs and was not told."""

from typing import Any


def outputs_of(cloudformation: Any, stack: str) -> dict[str, str]:
    """The stack's outputs, by name. `cloudformation` is boto3's client. Raises ClientError when there is no stack."""
    (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
