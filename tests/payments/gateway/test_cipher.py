"""The cipher against a check vector, another library, and Node, the platform of the gateway's sample code."""

import json
import os
import random
import re
import shutil
import subprocess
from base64 import b64encode

import pytest
from Crypto.Cipher import AES
from Crypto.Util.Padding import unpad

from payments.gateway.cipher import IV_BYTES, encrypt

KEY = b"0123456789abcdef0123456789abcdef"
VECTOR = "000102030405060708090a0b0c0d0e0f:cf3de33752e6fe3d5242662b04171555"

NODE_DECRYPTS = """
const { createDecipheriv } = require("crypto");
const { key, payloads } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const decrypted = payloads.map((payload) => {
  const [iv, data] = payload.split(":").map((part) => Buffer.from(part, "hex"));
  const decipher = createDecipheriv("aes-256-cbc", Buffer.from(key, "utf-8"), iv);
  return Buffer.concat([decipher.update(data), decipher.final()]).toString("base64");
});
process.stdout.write(JSON.stringify(decrypted));
"""

NODE_ENCRYPTS = """
const { createCipheriv } = require("crypto");
const { key, iv, plaintexts } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const encrypted = plaintexts.map((plaintext) => {
  const cipher = createCipheriv("aes-256-cbc", Buffer.from(key, "utf-8"), Buffer.from(iv, "hex"));
  const data = Buffer.concat([cipher.update(Buffer.from(plaintext, "base64")), cipher.final()]);
  return iv + ":" + data.toString("hex");
});
process.stdout.write(JSON.stringify(encrypted));
"""


def decrypted(payload: str, key: bytes = KEY) -> bytes:
    """The plaintext, decrypted with another library than the one that encrypts."""
    iv, data = (bytes.fromhex(part) for part in payload.split(":"))
    return unpad(AES.new(key, AES.MODE_CBC, iv).decrypt(data), AES.block_size)


def plaintexts() -> list[bytes]:
    return [os.urandom(length) for length in range(65)]


def node(program: str, arguments: dict[str, object]) -> list[str]:
    """The output of a Node program for these arguments."""
    path = shutil.which("node")
    assert path, "Node is needed to show that the gateway's sample code decrypts our payloads"
    ran = subprocess.run(
        [path, "-e", program], input=json.dumps(arguments), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    output: list[str] = json.loads(ran.stdout)
    return output


def test_encrypts_the_check_vector() -> None:
    assert encrypt(b'{"amount":100}', KEY, lambda count: bytes(range(count))) == VECTOR


@pytest.mark.parametrize("length", range(65))
def test_every_length_round_trips(length: int) -> None:
    plaintext = os.urandom(length)

    assert decrypted(encrypt(plaintext, KEY)) == plaintext


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32, 64])
def test_padding_is_always_added(length: int) -> None:
    _, data = encrypt(bytes(length), KEY).split(":")

    assert len(data) // 2 == (length // 16 + 1) * 16


def test_node_decrypts_our_payloads() -> None:
    sent = plaintexts()
    payloads = [encrypt(plaintext, KEY) for plaintext in sent]

    output = node(NODE_DECRYPTS, {"key": KEY.decode(), "payloads": payloads})

    assert output == node_text(sent)


def test_node_encrypts_to_the_same_bytes() -> None:
    iv, sent = bytes(range(16)), plaintexts()

    output = node(NODE_ENCRYPTS, {"key": KEY.decode(), "iv": iv.hex(), "plaintexts": node_text(sent)})

    assert output == [encrypt(plaintext, KEY, lambda _: iv) for plaintext in sent]


def test_the_key_is_used_as_text_and_not_as_hex() -> None:
    payload = encrypt(b"text", KEY)

    assert decrypted(payload, KEY) == b"text"
    with pytest.raises(ValueError, match=r"[Pp]adding|16 bytes"):
        decrypted(payload, bytes.fromhex(KEY.decode()) * 2)


def test_each_payload_has_its_own_iv() -> None:
    payloads = {encrypt(b"the same text", KEY) for _ in range(500)}

    assert len({payload.split(":")[0] for payload in payloads}) == 500
    assert len({payload.split(":")[1] for payload in payloads}) == 500


def test_reads_one_iv_of_randomness() -> None:
    sizes: list[int] = []

    def random(count: int) -> bytes:
        sizes.append(count)
        return bytes(count)

    encrypt(b"text", KEY, random)

    assert sizes == [IV_BYTES]


def test_two_environments_of_one_snapshot_share_no_iv() -> None:
    """SnapStart restores one memory in many environments: a generator in that memory would repeat itself in each."""
    restored = []
    for _ in range(2):
        random.seed(20270131)
        restored.append(encrypt(b"the same text", KEY).split(":")[0])

    assert restored[0] != restored[1]


def test_forked_processes_share_no_iv() -> None:
    """A fork is the nearest thing to a restored snapshot: both processes have the same memory, bit for bit."""
    encrypt(b"warm", KEY)
    read, write = os.pipe()
    pids = []
    for _ in range(2):
        if (pid := os.fork()) == 0:
            os.write(write, encrypt(b"the same text", KEY).split(":")[0].encode())
            os._exit(0)
        pids.append(pid)
    statuses = [os.waitpid(pid, 0)[1] for pid in pids]
    os.close(write)
    with os.fdopen(read) as pipe:
        ivs = pipe.read()

    assert statuses == [0, 0]
    assert len(ivs) == 64
    assert ivs[:32] != ivs[32:]


def test_the_result_is_lower_case_hex_with_one_colon() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}:[0-9a-f]{64}", encrypt(b"sixteen bytes ok", KEY))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 24, 31, 33, 64])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    """Also the other key sizes of AES, which a mistyped key could have."""
    with pytest.raises(ValueError, match="key"):
        encrypt(b"text", b"k" * size)


def node_text(values: list[bytes]) -> list[str]:
    """Bytes as Node's base64."""
    return [b64encode(value).decode() for value in values]
