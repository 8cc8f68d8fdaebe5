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

IV_BYTES: Final = 16
BLOCK_BYTES: Final = 16


def encrypt(plaintext: bytes | bytearray, key: bytes, random: Callable[[int], bytes] = os.urandom) -> str:
    """Returns `<iv hex>:<ciphertext hex>` in lower case. Raises ValueError unless the key has 32 bytes.

    The 32-character key is used as its UTF-8 bytes, although it looks like hex (S2S document, Node.js sample). The
    kernel supplies the IV on every call, so two environments restored from one snapshot never share an IV.

    The padding is encrypted after the text, because a padded text would be another copy of the card in memory.
    """
    iv = random(IV_BYTES)
    pad = BLOCK_BYTES - len(plaintext) % BLOCK_BYTES
    encryptor = Cipher(AES256(key), CBC(iv)).encryptor()
    ciphertext = encryptor.update(plaintext) + encryptor.update(bytes([pad]) * pad) + encryptor.finalize()
    return f"{iv.hex()}:{ciphertext.hex()}"
