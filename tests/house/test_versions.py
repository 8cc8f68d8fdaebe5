"""A changed parameter reaches the running functions: the alias moves only to a new version, so one is published."""

import re

import pytest

from tests.house import deployed_template as estate

RESOURCES = {"PaymentsTable", "GatewaySecret", "TokenSecret", "PaymentsBus"}


@pytest.mark.parametrize("name", sorted(estate.functions()))
def test_every_parameter_in_a_functions_environment_is_in_its_versions_description(name: str) -> None:
    """CloudFormation publishes anew when a version's description changes; the id that SAM gives it stays the same."""
    described = str(estate.written()["Resources"][name]["Properties"]["VersionDescription"])
    written = estate.written()["Globals"]["Function"]["Environment"]["Variables"]
    own = estate.written()["Resources"][name]["Properties"]["Environment"]["Variables"]
    parameters = set(estate.written()["Parameters"])
    # A reference to a resource leads to the parameters that its name is made of.
    named = [
        estate.written()["Resources"][name]["Properties"].get("Name")
        for name in estate.written()["Resources"]
        if f"'{name}'" in str([written, own])
    ]
    used = {parameter for parameter in parameters if re.search(rf"'{parameter}'", str([written, own, named]))}

    assert used
    missing = {parameter for parameter in used if f"${{{parameter}}}" not in described}
    assert missing == set()


def test_the_deployed_versions_carry_the_description() -> None:
    versions = estate.resources("AWS::Lambda::Version")
    assert len(versions) == len(estate.functions())
    assert all(version["Properties"]["Description"] for version in versions.values())


def test_a_description_fits() -> None:
    """Lambda takes 256 characters; the parameters that a person writes are bounded to leave room."""
    assert estate.written()["Parameters"]["BusName"]["AllowedPattern"].endswith("{1,60}")
    bounds = {"GatewayBaseUrl": 80, "PublicBaseUrl": 100}
    for parameter, most in bounds.items():
        assert estate.written()["Parameters"][parameter]["MaxLength"] == most
