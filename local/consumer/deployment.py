"""`sam deploy` of the example consumer's template onto the emulated cloud."""

from __future__ import annotations

from collections.abc import Mapping

from local.stack import deploy
from local.stack.cloud import Cloud
from local.stack.processes import make_directory, start

TEMPLATE = deploy.ROOT / "examples/consumer/template.yaml"
STACK_NAME = "payments-consumer"
_SECONDS = 120.0


def deployed(cloud: Cloud, bus: str) -> Mapping[str, str]:
    """Deploys the consumer and returns the outputs of its stack. Without a change it changes nothing."""
    directory = make_directory("consumer")
    process = start(
        "sam deploy", directory, _command(cloud, bus), env=deploy.environment_of(cloud, directory), cwd=directory
    )
    try:
        if process.wait(_SECONDS):
            raise process.ended()
    finally:
        process.release()
    (stack,) = cloud.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def _command(cloud: Cloud, bus: str) -> list[str]:
    return [
        *[deploy.sam(), "deploy", "--stack-name", STACK_NAME, "--region", cloud.region],
        *["--template-file", str(TEMPLATE), "--s3-bucket", deploy.BUCKET, "--s3-prefix", STACK_NAME],
        *["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"],
        *["--no-progressbar", "--parameter-overrides", f"BusName={bus}"],
    ]
