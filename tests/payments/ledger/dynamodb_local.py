"""Starts Amazon's DynamoDB Local: Java on a free loopback port, in memory, stopped at the end."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local.stack import environment, ports
from local.stack.processes import make_directory, start

START_SECONDS = 60.0


@contextmanager
def running(emulator: Path) -> Iterator[Any]:
    """A client of a new DynamoDB Local. `emulator` is the directory of DynamoDBLocal.jar."""
    directory, port = make_directory("dynamodb-local"), _free_port()
    process = start(
        "DynamoDB Local",
        directory,
        [
            *("java", "-Xmx256m", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={emulator / 'DynamoDBLocal_lib'}"),
            *("-jar", str(emulator / "DynamoDBLocal.jar"), "-inMemory", "-disableTelemetry", "-port", str(port)),
        ],
        env=environment.plain(directory) | {"PATH": os.environ["PATH"]},
        cwd=directory,
    )
    try:
        process.wait_until(lambda: _listens(port), START_SECONDS)
        yield boto3.client(
            "dynamodb",
            endpoint_url=f"http://{ports.LOOPBACK}:{port}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={}, max_pool_connections=50),
        )
    finally:
        process.release()


def _free_port() -> int:
    # DynamoDB Local takes a port number, not a socket: another process could take the port before it starts.
    with ports.listening() as sock:
        return ports.number(sock)


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex((ports.LOOPBACK, port)) == 0
