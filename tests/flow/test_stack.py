"""The stack keeps what its manifest promises to whoever reads it."""

import json
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.stack import Shop, Stack, manifest

NAMES = {
    "api_url",
    "region",
    "aws_endpoint_url",
    "access_key_id",
    "secret_access_key",
    "stranger_access_key_id",
    "stranger_secret_access_key",
    "admin_access_key_id",
    "admin_secret_access_key",
    "gateway_url",
    "gateway",
    "stack_name",
    "table",
    "bus",
    "gateway_secret",
    "functions",
}


def test_the_manifest_has_the_promised_names(stack: Stack, tmp_path: Path) -> None:
    manifest.write(tmp_path / "stack.json", stack.manifest())
    content = json.loads((tmp_path / "stack.json").read_text())
    assert content.keys() == NAMES
    assert content["gateway"].keys() == {"secret_key", "encryption_key", "webhook_secret"}
    assert content["functions"].keys() == {
        "ChargeFunction",
        "WebhookFunction",
        "RelayFunction",
        "FollowUpFunction",
        "ReconciliationFunction",
    }


def test_a_client_that_knows_only_the_manifest_finds_everything(stack: Stack) -> None:
    content = stack.manifest()
    session = boto3.Session(
        content["admin_access_key_id"], content["admin_secret_access_key"], region_name=content["region"]
    )
    where, direct = content["aws_endpoint_url"], Config(proxies={})
    stored = session.client("secretsmanager", endpoint_url=where, config=direct).get_secret_value(
        SecretId=content["gateway_secret"]
    )
    assert json.loads(stored["SecretString"]) == content["gateway"]
    session.client("dynamodb", endpoint_url=where, config=direct).describe_table(TableName=content["table"])
    session.client("events", endpoint_url=where, config=direct).describe_event_bus(Name=content["bus"])
    functions = session.client("lambda", endpoint_url=where, config=direct)
    for name in content["functions"].values():
        functions.get_function(FunctionName=name)
    stacks = session.client("cloudformation", endpoint_url=where, config=direct)
    assert stacks.describe_stacks(StackName=content["stack_name"])["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_a_stranger_is_refused(stranger: Shop) -> None:
    assert stranger.get("/charges/pay_1").status == 403


def test_an_unsigned_request_is_refused(unsigned: Shop) -> None:
    assert unsigned.get("/charges/pay_1").status == 403


@pytest.mark.parametrize("who", ["client", "stranger"])
def test_nobody_but_the_administrator_gets_behind_the_api(stack: Stack, who: str) -> None:
    cloud = stack.with_keys(getattr(stack.identities, who))
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("dynamodb").scan(TableName=stack.table)
    with pytest.raises(ClientError, match="AccessDenied"):
        cloud.client("secretsmanager").get_secret_value(SecretId=stack.gateway_secret)
