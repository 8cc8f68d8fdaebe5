"""Starts the stack step by step, and stops it in the reverse order, also after an error."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from local.stack import deploy, gateway, identities, manifest, ministack, readiness
from local.stack.gateway import Gateway, GatewayKeys
from local.stack.ministack import MiniStack
from local.stack.stack import Stack

Note = Callable[[str], None]


@contextlib.contextmanager
def running(
    *,
    gateway_url: str | None = None,
    keys: GatewayKeys | None = None,
    simulator_options: tuple[str, ...] = (),
    parameters: Mapping[str, str] | None = None,
    manifest_file: Path | None = None,
    note: Note = lambda _: None,
) -> Iterator[Stack]:
    """A running stack. `parameters` override the template's; without `manifest_file` no file is written."""
    keys = keys or GatewayKeys.chosen({})
    deploy.sam()  # fails here, before anything is started
    with contextlib.ExitStack() as down:
        note("starting MiniStack")
        aws = ministack.started(also_remove=(manifest_file,) if manifest_file else ())
        down.callback(aws.process.release)
        note("starting the gateway simulator" if gateway_url is None else f"using the gateway at {gateway_url}")
        gateway_used = down.enter_context(gateway.chosen(gateway_url, keys, simulator_options))
        ministack.wait_until_ready(aws)
        stack = _set_up(aws, gateway_used, parameters or {}, note)
        if manifest_file:
            down.callback(manifest_file.unlink, missing_ok=True)
            manifest.write(manifest_file, stack.manifest())
        yield stack


def _set_up(aws: MiniStack, gateway_used: Gateway, parameters: Mapping[str, str], note: Note) -> Stack:
    api_id = secrets.token_hex(4)
    # By path, not by host: *.localhost does not resolve everywhere.
    api_url = f"{aws.root.endpoint_url}/_aws/execute-api/{api_id}/{deploy.STAGE}"
    users = identities.created(aws.root, api_id)
    admin = aws.root.with_keys(users.admin)
    note("deploying template.yaml with sam")
    deployed = deploy.deployed(admin, api_id, _parameters(gateway_used, api_url) | dict(parameters), note)
    stack = Stack(
        name=deploy.STACK_NAME,
        api_url=api_url,
        admin=admin,
        identities=users,
        gateway=gateway_used,
        table=deployed.outputs["TableName"],
        bus=deployed.outputs["BusName"],
        gateway_secret=deployed.outputs["GatewaySecretArn"],
        functions=deployed.functions,
        log=aws.process.written,
    )
    note("filling the gateway's secret")
    admin.client("secretsmanager").put_secret_value(
        SecretId=stack.gateway_secret, SecretString=json.dumps(asdict(gateway_used.keys))
    )
    note("asking the API for a first answer")
    readiness.check_first_answer(stack, aws.process)
    return stack


def _parameters(gateway_used: Gateway, api_url: str) -> dict[str, str]:
    return {
        "GatewayMode": "test",
        "GatewayAmountUnit": "minor",  # as the reference document says
        "GatewayBaseUrl": gateway_used.url,
        "PublicBaseUrl": api_url,
        "FollowUpRuns": "1",  # eight processes a minute would have two processors to themselves
        "ArchiveEvents": "no",  # MiniStack's CloudFormation knows no archive
    }
