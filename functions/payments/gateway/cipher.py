"""The gateway's cipher: AES-256-CBC with PKCS#7 padding and a new random IV per request.

Source: S2S document, "Integration Examples". CBC without a MAC does not protect integrity; TLS does. The scheme is the
gateway's, so nothing is added to it here.
"""

import os
from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

IV_BYTES: Final = 16


def encrypt(plaintext: bytes, key: bytes, random: Callable[[int], bytes] = os.urandom) -> str:
    """Returns `<iv hex>:<ciphertext hex>` in lower case. Raises ValueError unless the key has 32 bytes.

    The 32-character key is used as its UTF-8 bytes, although it looks like hex (S2S document, Node.js sample). The
    kernel supplies the IV on every call, so two environments restored from one snapshot never share an IV.
    """
    iv = random(IV_BYTES)
    padder = PKCS7(AES256.block_size).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(AES256(key), CBC(iv)).encryptor()
    return f"{iv.hex()}:{(encryptor.update(padded) + encryptor.finalize()).hex()}"
