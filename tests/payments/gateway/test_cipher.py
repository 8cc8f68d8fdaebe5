"""The cipher, against the check vector, another library, and the platform of the gateway's own sample: Node."""

import json
import os
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

NODE_OPENS = """
const { createDecipheriv } = require("crypto");
const { key, payloads } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const opened = payloads.map((payload) => {
  const [iv, data] = payload.split(":").map((part) => Buffer.from(part, "hex"));
  const decipher = createDecipheriv("aes-256-cbc", Buffer.from(key, "utf-8"), iv);
  return Buffer.concat([decipher.update(data), decipher.final()]).toString("base64");
});
process.stdout.write(JSON.stringify(opened));
"""

NODE_SEALS = """
const { createCipheriv } = require("crypto");
const { key, iv, plaintexts } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const sealed = plaintexts.map((plaintext) => {
  const cipher = createCipheriv("aes-256-cbc", Buffer.from(key, "utf-8"), Buffer.from(iv, "hex"));
  const data = Buffer.concat([cipher.update(Buffer.from(plaintext, "base64")), cipher.final()]);
  return iv + ":" + data.toString("hex");
});
process.stdout.write(JSON.stringify(sealed));
"""


def opened(payload: str, key: bytes = KEY) -> bytes:
    """The plaintext, by a library that has nothing to do with the one that encrypted."""
    iv, data = (bytes.fromhex(part) for part in payload.split(":"))
    return unpad(AES.new(key, AES.MODE_CBC, iv).decrypt(data), AES.block_size)


def plaintexts() -> list[bytes]:
    return [os.urandom(length) for length in range(65)]


def node(program: str, told: dict[str, object]) -> list[str]:
    """What a program of Node's says to `told`."""
    path = shutil.which("node")
    assert path, "node is needed: only it can show that the gateway's own sample opens our payloads"
    ran = subprocess.run([path, "-e", program], input=json.dumps(told), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said: list[str] = json.loads(ran.stdout)
    return said


def test_makes_the_check_vector() -> None:
    assert encrypt(b'{"amount":100}', KEY, lambda count: bytes(range(count))) == VECTOR


@pytest.mark.parametrize("length", range(65))
def test_every_length_round_trips(length: int) -> None:
    plaintext = os.urandom(length)

    assert opened(encrypt(plaintext, KEY)) == plaintext


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32, 64])
def test_padding_is_always_added(length: int) -> None:
    _, data = encrypt(bytes(length), KEY).split(":")

    assert len(data) // 2 == (length // 16 + 1) * 16


def test_node_opens_what_we_encrypt() -> None:
    sent = plaintexts()
    payloads = [encrypt(plaintext, KEY) for plaintext in sent]

    said = node(NODE_OPENS, {"key": KEY.decode(), "payloads": payloads})

    assert said == node_text(sent)


def test_node_encrypts_to_the_same_bytes() -> None:
    iv, told = bytes(range(16)), plaintexts()

    said = node(NODE_SEALS, {"key": KEY.decode(), "iv": iv.hex(), "plaintexts": node_text(told)})

    assert said == [encrypt(plaintext, KEY, lambda _: iv) for plaintext in told]


def test_the_key_is_its_text_and_not_what_its_hex_digits_stand_for() -> None:
    payload = encrypt(b"text", KEY)

    assert opened(payload, KEY) == b"text"
    with pytest.raises(ValueError, match=r"[Pp]adding|16 bytes"):
        opened(payload, bytes.fromhex(KEY.decode()) * 2)


def test_each_payload_has_an_iv_of_its_own() -> None:
    payloads = {encrypt(b"the same text", KEY) for _ in range(500)}

    assert len({payload.split(":")[0] for payload in payloads}) == 500
    assert len({payload.split(":")[1] for payload in payloads}) == 500


def test_asks_for_exactly_one_iv_of_randomness() -> None:
    asked: list[int] = []

    def random(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    encrypt(b"text", KEY, random)

    assert asked == [IV_BYTES]


def test_the_wire_form_is_lower_case_hex_with_one_colon() -> None:
    assert re.fullmatch(r"[0-9a-f]{32}:[0-9a-f]{64}", encrypt(b"sixteen bytes ok", KEY))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 24, 31, 33, 64])
def test_a_key_of_another_size_encrypts_nothing(size: int) -> None:
    """Not even one of AES's other sizes, which a mistyped key could have."""
    with pytest.raises(ValueError, match="key"):
        encrypt(b"text", b"k" * size)


def node_text(values: list[bytes]) -> list[str]:
    """Bytes as Node's base64."""
    return [b64encode(value).decode() for value in values]
