"""Each function's settings read exactly the variables that template.yaml sets, and accept every value it allows."""

from typing import Any, Literal, get_args, get_origin

import pytest

from payments.runtime import settings
from payments.runtime.settings import GatewaySettings, SettingsError
from tests.house import deployed_template

SETTINGS = "functions/payments/runtime/settings.py"
READ_BY_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}

pytestmark = pytest.mark.parametrize("name", sorted(deployed_template.functions()))


def settings_of(name: str) -> type[GatewaySettings]:
    """ChargeFunction reads ChargeSettings."""
    model: type[GatewaySettings] = getattr(settings, name.replace("Function", "Settings"))
    return model


def set_by_template(name: str) -> dict[str, Any]:
    variables: dict[str, Any] = deployed_template.functions()[name]["Environment"]["Variables"]
    return {variable: value for variable, value in variables.items() if variable not in READ_BY_POWERTOOLS}


def test_each_variable_is_set_and_each_set_one_is_read(name: str) -> None:
    read = {field.upper() for field in settings_of(name).model_fields}
    set_there = set(set_by_template(name))

    assert read - set_there == set(), (
        f"template.yaml, {name}: set these under Environment, or drop them from {SETTINGS}"
    )
    assert set_there - read == set(), (
        f"{SETTINGS}, {settings_of(name).__name__}: read these, or drop them from template.yaml"
    )


def test_the_defaults_are_a_configuration(name: str) -> None:
    configured = settings_of(name).from_environment(deployed_template.environment(name))

    assert configured.gateway_mode == "test", "template.yaml: the default of GatewayMode is test"


def test_the_amount_unit_is_required(name: str) -> None:
    environment = deployed_template.environment(name)
    del environment["GATEWAY_AMOUNT_UNIT"]

    with pytest.raises(SettingsError, match="GATEWAY_AMOUNT_UNIT"):
        settings_of(name).from_environment(environment)


def test_choices_are_the_same_on_both_sides(name: str) -> None:
    parameters = deployed_template.written()["Parameters"]
    for variable, value in set_by_template(name).items():
        offered = parameters.get(deployed_template.reference_of(value), {}).get("AllowedValues")
        read = settings_of(name).model_fields[variable.lower()].annotation
        accepted = set(get_args(read) if get_origin(read) is Literal else ())
        assert set(offered or ()) == accepted, (
            f"{variable}: AllowedValues in template.yaml and the Literal in {SETTINGS}"
        )
