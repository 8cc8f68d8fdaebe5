"""The model of the gateway's keys: those that the gateway accepts, and those that the secret of the stack holds."""

import json
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

SECRET_ID: Final = "gateway-keys"


class KeyModel:
    """Meets the client of Secrets Manager. The gateway gives new keys and refuses the old ones from then on.

    `secret_key`, `encryption_key`: the numbers of the keys that the gateway accepts. `stored`: the secret, as it was
    filled in last. `live`: the mode of the stored keys.
    """

    def __init__(self) -> None:
        self.secret_key, self.encryption_key = 1, 1
        self.stored, self.live = (1, 1), False

    def rotate(self, *, secret_key: bool) -> None:
        """The gateway gives a new secret key, or else a new encryption key, and refuses the old one."""
        if secret_key:
            self.secret_key += 1
        else:
            self.encryption_key += 1

    def store(self, *, live: bool) -> None:
        """A person fills the present keys of a mode into the secret."""
        self.stored, self.live = (self.secret_key, self.encryption_key), live

    @property
    def is_stored(self) -> bool:
        """Whether the secret holds the keys that the gateway accepts."""
        return self.stored == (self.secret_key, self.encryption_key)

    def get_secret_value(self, **_: str) -> dict[str, Any]:
        """Meets `SecretsClient.get_secret_value`."""
        secret_key, encryption_key = self.stored
        fields = {"secret_key": bearer(secret_key, live=self.live), "encryption_key": f"{encryption_key:032}"}
        return {"SecretString": json.dumps(fields)}

    def accepts(self, token: str, *, live: bool) -> bool:
        """Whether the gateway knows the secret key."""
        return token == bearer(self.secret_key, live=live)

    def can_decrypt(self, payload: str) -> bool:
        """Whether the present encryption key decrypts the payload to a JSON object."""
        iv, _, ciphertext = payload.partition(":")
        decryptor = Cipher(AES256(f"{self.encryption_key:032}".encode()), CBC(bytes.fromhex(iv))).decryptor()
        return (decryptor.update(bytes.fromhex(ciphertext)) + decryptor.finalize()).startswith(b'{"amount":')


def bearer(number: int, *, live: bool) -> str:
    """A secret key of a mode."""
    return f"PA_{'LIVE' if live else 'TEST'}_{number}"
