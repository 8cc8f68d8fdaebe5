"""MiniStack: AWS in one process, on a free port of 127.0.0.1, enforcing IAM.

It does not verify signatures of its root key, so that key is random and stays in this process.
Every client gets an IAM user.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from local.stack import environment, ports
from local.stack.cloud import Cloud, Keys
from local.stack.processes import Process, make_directory, start

REGION = "eu-west-2"
_READY_SECONDS = 60.0
_DIRECT = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class MiniStack:
    process: Process
    root: Cloud


def started(also_remove: tuple[Path, ...] = ()) -> MiniStack:
    """`also_remove`: paths to remove with MiniStack, even if this process is killed."""
    directory = make_directory("ministack")
    root = Keys(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_hex(20))
    with ports.listening() as sock:
        port = ports.number(sock)
        process = start(
            "MiniStack",
            directory,
            [
                sys.executable,
                "-m",
                "hypercorn",
                "ministack.app:app",
                "--bind",
                f"fd://{sock.fileno()}",
                "--workers",
                "0",
            ],
            env=_environment(directory, port, root),
            cwd=directory,
            pass_fds=(sock.fileno(),),
            remove=also_remove,
        )
    return MiniStack(process, Cloud(f"http://{ports.LOOPBACK}:{port}", REGION, root))


def wait_until_ready(ministack: MiniStack) -> None:
    url = f"{ministack.root.endpoint_url}/_ministack/ready"

    def ready() -> bool:
        try:
            with _DIRECT.open(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    ministack.process.wait_until(ready, _READY_SECONDS)


def _environment(directory: Path, port: int, root: Keys) -> dict[str, str]:
    return environment.plain(directory) | {
        "AUTH": "true",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": ports.LOOPBACK,
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": root.access_key_id,
        "AWS_SECRET_ACCESS_KEY": root.secret_access_key,
        "STATE_DIR": str(directory / "state"),
        "S3_DATA_DIR": str(directory / "s3"),
        "LAMBDA_EXECUTOR": "local",
        # Off: the other listeners bind fixed ports on every interface. Docker is not used.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{directory}/no-docker",
    }
