"""The simulator as a process and as a thread: it announces its address and leaves nothing running."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from local.simulator import Credentials, running
from local.simulator.control_client import Control
from tests.local.simulator.merchant import Merchant

ROOT = Path(__file__).parents[3]
KEYS = {
    "SIMULATOR_SECRET_KEY": "PA_TEST_process",
    "SIMULATOR_ENCRYPTION_KEY": "0123456789abcdef0123456789abcdef",
    "SIMULATOR_WEBHOOK_SECRET": "w",
}


@contextmanager
def process(announce: Path, keys: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "local.simulator", "--port", "0", "--announce", str(announce)]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | keys, stderr=subprocess.PIPE) as child:
        try:
            yield child
        finally:
            child.kill()


def announced(path: Path, child: subprocess.Popen[bytes]) -> dict[str, str]:
    deadline = time.monotonic() + 15
    while not path.exists():
        assert child.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    read: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_announces_itself_serves_and_stops(tmp_path: Path, stop: signal.Signals) -> None:
    file = tmp_path / "simulator.json"
    with process(file, KEYS) as child:
        addresses = announced(file, child)
        assert addresses["control"] == addresses["url"] + "/_control"
        control = Control(addresses["control"])
        assert control.book()["card_requests"] == 0
        control.close()
        child.send_signal(stop)
        _, stderr = child.communicate(timeout=5)
        assert (child.returncode, stderr) == (0, b"")
    assert not file.exists()


@pytest.mark.parametrize(
    "keys", [{}, KEYS | {"SIMULATOR_SECRET_KEY": "sk_1"}, KEYS | {"SIMULATOR_ENCRYPTION_KEY": "secret-but-short"}]
)
def test_refuses_to_start_without_valid_keys_and_does_not_print_them(tmp_path: Path, keys: dict[str, str]) -> None:
    with process(tmp_path / "file", keys) as child:
        _, stderr = child.communicate(timeout=15)
    assert child.returncode == 2
    assert stderr.startswith(b"simulator: ")
    assert not any(value.encode() in stderr for value in keys.values() if len(value) > 1)


def test_stops_at_the_end_of_the_block_even_with_open_requests() -> None:
    before = threading.active_count()
    with running(Credentials.invented()) as simulator:
        simulator.control.script("charged-then-timeout", order_id="hanging")
        simulator.control.script("held", order_id="held")
        merchant = Merchant(simulator, http=urllib3.PoolManager(retries=False, timeout=0.1))
        for order_id in ("hanging", "held"):
            with pytest.raises(urllib3.exceptions.HTTPError):
                merchant.pay(order_id=order_id)
        started = time.monotonic()
    assert time.monotonic() - started < 3
    assert threading.active_count() == before
    with pytest.raises(urllib3.exceptions.HTTPError):
        merchant.status("held")


def test_a_port_in_use_is_an_error_and_not_a_hang() -> None:
    with running() as first:
        port = int(first.url.rsplit(":", 1)[1])
        with pytest.raises(OSError, match="address already in use"), running(port=port):
            pass


def test_stops_with_its_parent_when_asked_to(tmp_path: Path) -> None:
    file = tmp_path / "simulator.json"
    start = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'local.simulator', '--with-parent', '--announce', sys.argv[1]])"
    )
    with subprocess.Popen([sys.executable, "-c", start, str(file)], cwd=ROOT, env=os.environ | KEYS) as parent:
        url = announced(file, parent)["url"]
        parent.kill()
    deadline = time.monotonic() + 10
    while file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with urllib3.PoolManager(retries=False) as http, pytest.raises(urllib3.exceptions.HTTPError):
        http.request("GET", url)
