"""The example's template: no event is lost, and the libraries have the service's versions."""

import re
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.house.checkout import ROOT

EXAMPLE = ROOT / "examples/consumer"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml_parse((EXAMPLE / "template.yaml").read_text())
    return parsed


def test_every_event_is_delivered_or_a_dead_letter(template: dict[str, Any]) -> None:
    resources = template["Resources"]
    (target,) = resources["EveryEvent"]["Properties"]["Targets"]
    dead_letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}

    assert target["DeadLetterConfig"]["Arn"] == dead_letters
    assert resources["Inbox"]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"] == dead_letters
    assert resources["DeadLettersAlarm"]["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0] == "DeadLetters"


def test_a_slow_batch_is_not_delivered_twice(template: dict[str, Any]) -> None:
    resources = template["Resources"]

    assert resources["Inbox"]["Properties"]["VisibilityTimeout"] >= 6 * resources["Consumer"]["Properties"]["Timeout"]


def test_the_libraries_have_the_services_versions() -> None:
    ours = set(re.findall(r"^[\w-]+==[\w.]+", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    its = set(re.findall(r"^[\w-]+==[\w.]+", (EXAMPLE / "src/requirements.txt").read_text(), re.MULTILINE))

    assert its
    assert its <= ours
