"""The gateway's cipher: AES-256-CBC, PKCS#7, a fresh random IV a request (S2S document, "Integration Examples").

CBC without a MAC does not protect integrity; TLS does. It is the gateway's scheme, so we speak it and invent no extra.
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
    """`<iv hex>:<ciphertext hex>`, lower case.

    The 32-character key is used as its UTF-8 bytes, though it looks like hex (S2S document, Node.js sample). Randomness
    comes from the kernel on every call, so two environments restored from one snapshot never share an IV.
    """
    iv = random(IV_BYTES)
    padder = PKCS7(AES256.block_size).padder()
    padded = padder.update(plaintext) + padder.finalize()
    encryptor = Cipher(AES256(key), CBC(iv)).encryptor()
    return f"{iv.hex()}:{(encryptor.update(padded) + encryptor.finalize()).hex()}"
