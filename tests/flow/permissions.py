"""The permissions of the deployed functions, one by one, and a way to take one away for a while."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from local.stack import Stack

_KINDS = {
    "AWS::DynamoDB::Table",
    "AWS::SecretsManager::Secret",
    "AWS::Events::EventBus",
    "AWS::SQS::Queue",
    "AWS::S3::Bucket",
}
"""What our policies speak of; things of other kinds may bear the same name."""


class Permission(NamedTuple):
    """One action on one resource, by its name in the template; an index is `table/index/…`, objects `bucket/…`."""

    action: str
    on: str


@dataclass(frozen=True)
class Role:
    """A function's role, as it is deployed."""

    iam: Any
    name: str
    names: dict[str, str]

    def permissions(self) -> list[Permission]:
        """Every single thing that its own policies allow."""
        return [
            Permission(action, self._name_of(arn))
            for policy in self._policies().values()
            for statement in _listed(policy["Statement"])
            for action in _listed(statement["Action"])
            for arn in _listed(statement["Resource"])
        ]

    def managed(self) -> set[str]:
        """The names of the policies that AWS maintains."""
        attached = self.iam.list_attached_role_policies(RoleName=self.name)["AttachedPolicies"]
        return {policy["PolicyName"] for policy in attached}

    @contextmanager
    def without(self, permission: Permission) -> Iterator[None]:
        """The role lacks this one permission; then it is as it was."""
        before = self._policies()
        try:
            for name, policy in before.items():
                self._put(name, policy | {"Statement": self._less(policy, permission)})
            yield
        finally:
            for name, policy in before.items():
                self._put(name, policy)

    def _less(self, policy: dict[str, Any], permission: Permission) -> list[dict[str, Any]]:
        """The policy's statements, split so that each allows one thing, but for the one."""
        return [
            {"Effect": statement["Effect"], "Action": action, "Resource": arn}
            for statement in _listed(policy["Statement"])
            for action in _listed(statement["Action"])
            for arn in _listed(statement["Resource"])
            if (action, self._name_of(arn)) != permission
        ]

    def _policies(self) -> dict[str, dict[str, Any]]:
        names = self.iam.list_role_policies(RoleName=self.name)["PolicyNames"]
        return {n: self.iam.get_role_policy(RoleName=self.name, PolicyName=n)["PolicyDocument"] for n in names}

    def _put(self, name: str, policy: dict[str, Any]) -> None:
        if policy["Statement"]:
            self.iam.put_role_policy(RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(policy))
        else:
            self.iam.delete_role_policy(RoleName=self.name, PolicyName=name)

    def _name_of(self, arn: str) -> str:
        for physical, logical in self.names.items():
            _, found, after = arn.partition(physical)
            if found:
                return logical + (after if "/" in after else "")
        return arn


def role_of(stack: Stack, function: str) -> Role:
    """The role of a function, by the function's name in the template."""
    cloudformation = stack.admin.client("cloudformation")
    made = cloudformation.describe_stack_resources(StackName=stack.name)["StackResources"]
    # The longest first: one name may begin another.
    ours = [each for each in made if each["ResourceType"] in _KINDS]
    names = {
        each["PhysicalResourceId"].rsplit(":", 1)[-1].rsplit("/", 1)[-1]: each["LogicalResourceId"] for each in ours
    }
    longest_first = {name: names[name] for name in sorted(names, key=len, reverse=True)}
    configuration = stack.admin.client("lambda").get_function_configuration(FunctionName=stack.functions[function])
    return Role(stack.admin.client("iam"), configuration["Role"].rsplit("/", 1)[-1], longest_first)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
