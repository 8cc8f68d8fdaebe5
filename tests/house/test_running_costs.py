"""No cost grows by itself: versions are deleted, metrics of methods are off, a metric's dimensions are closed sets."""

import ast
from collections.abc import Iterator
from typing import get_args

import pytest

from payments.gateway.credentials import GatewayKeys, candidates
from payments.model.money import EXPONENTS
from payments.model.status import Status
from payments.reconciliation.discrepancy import DiscrepancyKind
from payments.runtime.dimensions import DIMENSIONS, OTHER, bounded
from payments.runtime.metrics import METRICS
from tests.house import deployed_template, signals
from tests.house.checkout import FUNCTIONS

VERSIONS = deployed_template.resources("AWS::Lambda::Version")
ALIASES = deployed_template.resources("AWS::Lambda::Alias")
OF_THE_WHOLE_API = {"ApiName", "Stage"}
"""Dimensions that API Gateway measures without detailed metrics."""


def yielded(room: str) -> Iterator[str]:
    """The string literals that the functions of one file yield."""
    for node in ast.walk(ast.parse((FUNCTIONS / room).read_text())):
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def signers() -> Iterator[str]:
    """The names of all keys that may have signed a webhook: with and without a secret of its own."""
    for secret in (b"secret", None):
        yield from (each.name for each in candidates([GatewayKeys("PA_TEST_x", b"k" * 32, secret)] * 2))


USED: dict[str, set[str]] = {
    "status": {str(status) for status in Status},
    "currency": set(EXPONENTS),
    "field": set(yielded("payments/model/integrity.py")),
    "cause": signals.constants("webhook", "_refused", 1),
    "matched": {*signers(), "none"},
    "discrepancy": set(get_args(DiscrepancyKind)),
}
"""Dimension → the values that the code uses."""


class TestDimensions:
    def test_every_one_of_a_metric_is_a_closed_set(self) -> None:
        used = {metric.by for metric in METRICS.values() if metric.by}

        assert used == set(DIMENSIONS), "functions/payments/runtime/dimensions.py: list the values of each `by`"

    @pytest.mark.parametrize("name", sorted(DIMENSIONS))
    def test_have_the_values_that_the_code_uses_and_no_other(self, name: str) -> None:
        assert USED[name] == {str(value) for value in DIMENSIONS[name]}, (
            f"functions/payments/runtime/dimensions.py, {name}: the code has other values"
        )

    @pytest.mark.parametrize("name", sorted(DIMENSIONS))
    def test_hold_no_value_from_outside(self, name: str) -> None:
        assert bounded(name, "pay_01J5K8") == OTHER
        assert {bounded(name, value) for value in DIMENSIONS[name]} == DIMENSIONS[name]


class TestVersions:
    def test_each_function_publishes_one(self) -> None:
        published = {version["Properties"]["FunctionName"]["Ref"] for version in VERSIONS.values()}

        assert published == set(deployed_template.functions()), "template.yaml, Globals: AutoPublishAlias"

    @pytest.mark.parametrize("name", sorted(VERSIONS))
    def test_are_deleted_when_the_alias_leaves_them(self, name: str) -> None:
        """Another code hash gives the version another logical name, another description replaces it: two policies."""
        policies = VERSIONS[name].get("DeletionPolicy"), VERSIONS[name].get("UpdateReplacePolicy", "Delete")

        assert policies == ("Delete", "Delete"), "template.yaml, Globals: VersionDeletionPolicy: Delete"

    def test_are_what_the_aliases_point_to(self) -> None:
        """A caller that names the alias never meets a version that is gone."""
        pointed = {alias["Properties"]["FunctionVersion"]["Fn::GetAtt"][0] for alias in ALIASES.values()}

        assert pointed == set(VERSIONS), "template.yaml: an alias points to no version of this template"


class TestApiMetrics:
    def test_are_those_of_the_whole_api(self) -> None:
        settings = [
            setting
            for stage in deployed_template.resources("AWS::ApiGateway::Stage").values()
            for setting in stage["Properties"].get("MethodSettings", [])
        ]
        assert settings, "template.yaml, Api: MethodSettings hold the throttle"
        detailed = [each for each in settings if each.get("MetricsEnabled")]
        assert detailed == [], "template.yaml, Api: MetricsEnabled bills ten metrics a method"

    def test_are_enough_for_the_alarms(self) -> None:
        alarms = deployed_template.resources("AWS::CloudWatch::Alarm").values()
        found = [alarm["Properties"] for alarm in alarms if alarm["Properties"]["Namespace"] == "AWS/ApiGateway"]

        assert found, "template.yaml: no alarm on the API"
        for alarm in found:
            names = {dimension["Name"] for dimension in alarm["Dimensions"]}
            assert names <= OF_THE_WHOLE_API, f"template.yaml, {alarm['AlarmName']}: there is no metric of a method"
