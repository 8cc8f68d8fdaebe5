"""`python -m local.env`: shell lines that point sam, aws and boto3 to the running local stack.

eval "$(python -m local.env)"
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path

from local.consumer.running_stack import RunningStack, running_stack
from local.stack import deploy, manifest
from local.stack.errors import StackError
from local.stack.progress import print_line


def exports(stack: RunningStack, path: str) -> str:
    """The export lines. `path` is the PATH that sam is put in front of."""
    keys = stack.admin.keys
    variables = {
        "AWS_ENDPOINT_URL": stack.admin.endpoint_url,
        "AWS_REGION": stack.admin.region,
        "AWS_DEFAULT_REGION": stack.admin.region,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "NO_PROXY": "127.0.0.1",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",  # the emulator deploys faster than sam's default polling
        "PATH": f"{Path(deploy.sam()).parent}{os.pathsep}{path}",
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(["unset AWS_PROFILE AWS_SESSION_TOKEN", *lines, ""])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.env", description=__doc__)
    parser.add_argument("--file", type=Path, default=os.environ.get("STACK_FILE") or manifest.DEFAULT)
    try:
        sys.stdout.write(exports(running_stack(parser.parse_args().file), os.environ["PATH"]))
    except StackError as error:
        print_line(str(error), sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
