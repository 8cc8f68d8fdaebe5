"""template.yaml as CloudFormation gets it: SAM's own translator has added roles, routes and permissions."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from tests.house.checkout import ROOT

Resource = dict[str, Any]
Template = dict[str, Any]


class _ManagedPolicies:
    """Replaces IAM's list of managed policies. SAM adds only one of them here: the policy of active tracing."""

    def load(self) -> dict[str, str]:
        name = "AWSXrayWriteOnlyAccess"
        return {name: f"arn:aws:iam::aws:policy/{name}"}


@cache
def written() -> Template:
    """template.yaml as it is written."""
    template: Template = yaml_parse((ROOT / "template.yaml").read_text())
    return template


@cache
def translated() -> Template:
    """template.yaml as it is deployed."""
    source = copy.deepcopy(written())
    source["Globals"]["Function"]["CodeUri"] = "s3://bucket/artifact"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        template: Template = transform(source, {"GatewayAmountUnit": "minor"}, _ManagedPolicies())
    return template


def resources(kind: str) -> dict[str, Resource]:
    """The deployed resources of one type, by logical name."""
    return {name: made for name, made in translated()["Resources"].items() if made["Type"] == kind}


def functions() -> dict[str, Resource]:
    """The properties of each function, by logical name."""
    return {name: made["Properties"] for name, made in resources("AWS::Lambda::Function").items()}


def reference_of(value: Any) -> str:
    """The logical name in `{"Ref": name}`; "" for any other value."""
    return str(value.get("Ref", "")) if isinstance(value, dict) else ""


def environment(name: str) -> dict[str, str]:
    """A function's environment as Lambda would set it: each parameter's default, or else its first allowed value."""
    parameters = written()["Parameters"]
    variables = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    for variable, value in functions()[name]["Environment"]["Variables"].items():
        if parameter := parameters.get(reference_of(value)):
            variables[variable] = str(parameter["Default"] if "Default" in parameter else parameter["AllowedValues"][0])
        else:
            variables[variable] = value if isinstance(value, str) else "arn:aws:service:eu-west-1:123456789012:thing"
    return variables


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy of the functions' roles, with the role's logical name."""
    for name, role in resources("AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", []):
            for statement in as_list(policy["PolicyDocument"]["Statement"]):
                yield name, statement


def as_list(value: Any) -> list[Any]:
    """IAM accepts a single value in place of a list of one."""
    return value if isinstance(value, list) else [value]
