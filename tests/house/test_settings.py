"""What the template sets is what the settings read, function by function, with every value it lets through."""

from typing import Any, Literal, get_args, get_origin

import pytest

from payments.runtime import settings
from payments.runtime.settings import GatewaySettings, SettingsError
from tests.house import deployed_template as estate

READ_BY_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}

pytestmark = pytest.mark.parametrize("name", sorted(estate.functions()))


def settings_of(name: str) -> type[GatewaySettings]:
    """ChargeFunction reads ChargeSettings."""
    model: type[GatewaySettings] = getattr(settings, name.replace("Function", "Settings"))
    return model


def set_by_template(name: str) -> dict[str, Any]:
    variables: dict[str, Any] = estate.functions()[name]["Environment"]["Variables"]
    return {variable: value for variable, value in variables.items() if variable not in READ_BY_POWERTOOLS}


def test_each_variable_is_set_and_each_set_one_is_read(name: str) -> None:
    assert {field.upper() for field in settings_of(name).model_fields} == set(set_by_template(name))


def test_the_defaults_are_a_configuration(name: str) -> None:
    configured = settings_of(name).from_environment(estate.environment(name))

    assert configured.gateway_mode == "test"


def test_the_amount_unit_must_be_said(name: str) -> None:
    environment = estate.environment(name)
    del environment["GATEWAY_AMOUNT_UNIT"]

    with pytest.raises(SettingsError, match="GATEWAY_AMOUNT_UNIT"):
        settings_of(name).from_environment(environment)


def test_choices_are_the_same_on_both_sides(name: str) -> None:
    parameters = estate.written()["Parameters"]
    for variable, value in set_by_template(name).items():
        offered = parameters.get(estate.referred(value), {}).get("AllowedValues")
        read = settings_of(name).model_fields[variable.lower()].annotation
        assert set(offered or ()) == set(get_args(read) if get_origin(read) is Literal else ()), variable
