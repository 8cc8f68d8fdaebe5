"""`sam deploy` of the real template onto the emulated cloud."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.stack import environment
from local.stack.cloud import Cloud
from local.stack.errors import SettingError
from local.stack.processes import Process, make_directory, start

ROOT = Path(__file__).parents[2]
STACK_NAME = "payments"
STAGE = "v1"
BUCKET = "payments-artifacts"
_DEPLOY_SECONDS = 240.0
_FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True, slots=True)
class Deployed:
    outputs: Mapping[str, str]
    functions: Mapping[str, str]


def deployed(cloud: Cloud, api_id: str, parameters: Mapping[str, str], note: Callable[[str], None]) -> Deployed:
    """Deploys the template. `api_id` is chosen before, because the functions need the address of their own API."""
    _make_bucket(cloud)
    command = _command(cloud, api_id, parameters)
    directory = make_directory("sam")
    process = start("sam deploy", directory, command, env=environment_of(cloud, directory), cwd=ROOT)
    try:
        if process.wait(_DEPLOY_SECONDS, every=3.0, meanwhile=lambda: _note_progress(process, note)):
            raise process.ended()
    finally:
        process.release()
    return _described(cloud)


def sam() -> str:
    found = os.environ.get("SAM") or shutil.which(str(ROOT / ".venv-sam/bin/sam")) or shutil.which("sam")
    if not found:
        raise SettingError("the SAM command line is not installed: run `make setup`")
    return found


def _command(cloud: Cloud, api_id: str, parameters: Mapping[str, str]) -> list[str]:
    return [
        *[sam(), "deploy", "--config-env", "local", "--stack-name", STACK_NAME, "--region", cloud.region],
        # Named explicitly: sam prefers a built template in .aws-sam, with wheels for another platform.
        *["--template-file", str(ROOT / "template.yaml"), "--s3-bucket", BUCKET],
        *["--tags", f"ms-custom-id={api_id}"],
        *["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())],
    ]


def environment_of(cloud: Cloud, directory: Path) -> dict[str, str]:
    return environment.plain(directory) | {
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": cloud.keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": cloud.keys.secret_access_key,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
        "__SAM_CLI_APP_DIR": str(directory / "sam"),
    }


def _make_bucket(cloud: Cloud) -> None:
    where = {"LocationConstraint": cloud.region}
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)


def _note_progress(process: Process, note: Callable[[str], None]) -> None:
    if made := process.written().count("CREATE_COMPLETE"):
        note(f"sam deploy: {made} resources so far")


def _described(cloud: Cloud) -> Deployed:
    cloudformation = cloud.client("cloudformation")
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    return Deployed(
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]},
        functions={
            r["LogicalResourceId"]: r["PhysicalResourceId"] for r in resources if r["ResourceType"] == _FUNCTION
        },
    )
