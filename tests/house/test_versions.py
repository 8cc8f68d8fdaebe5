"""A changed parameter reaches the running functions: it changes a version's description, so a version is published."""

import re

import pytest

from tests.house import deployed_template


@pytest.mark.parametrize("name", sorted(deployed_template.functions()))
def test_every_parameter_in_a_functions_environment_is_in_its_versions_description(name: str) -> None:
    """CloudFormation publishes a version when its description changes; its logical id stays the same."""
    described = str(deployed_template.written()["Resources"][name]["Properties"]["VersionDescription"])
    written = deployed_template.written()["Globals"]["Function"]["Environment"]["Variables"]
    own = deployed_template.written()["Resources"][name]["Properties"]["Environment"]["Variables"]
    parameters = set(deployed_template.written()["Parameters"])
    # A referenced resource may be named after a parameter.
    named = [
        deployed_template.written()["Resources"][name]["Properties"].get("Name")
        for name in deployed_template.written()["Resources"]
        if f"'{name}'" in str([written, own])
    ]
    used = {parameter for parameter in parameters if re.search(rf"'{parameter}'", str([written, own, named]))}

    assert used, f"template.yaml, {name}: no parameter is in its environment"
    missing = {parameter for parameter in used if f"${{{parameter}}}" not in described}
    assert missing == set(), f"template.yaml, {name}: add these to VersionDescription as ${{...}}"


def test_the_deployed_versions_carry_the_description() -> None:
    versions = deployed_template.resources("AWS::Lambda::Version")
    assert len(versions) == len(deployed_template.functions()), "template.yaml, Globals: AutoPublishAlias"
    undescribed = [name for name, version in versions.items() if not version["Properties"]["Description"]]
    assert undescribed == [], "template.yaml: give each function a VersionDescription"


def test_a_description_fits() -> None:
    """Lambda takes 256 characters, so parameters with free text have a length limit."""
    pattern = deployed_template.written()["Parameters"]["BusName"]["AllowedPattern"]
    assert pattern.endswith("{1,60}"), "template.yaml, BusName: AllowedPattern"
    bounds = {"GatewayBaseUrl": 80, "PublicBaseUrl": 100}
    for parameter, most in bounds.items():
        assert deployed_template.written()["Parameters"][parameter]["MaxLength"] == most, (
            f"template.yaml, {parameter}: MaxLength"
        )
