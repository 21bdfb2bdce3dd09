"""Seals credentials and buyer data at rest; the first key seals, every key opens."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class SealBrokenError(Exception):
    """None of the master keys opens this; was a key removed too early?"""


class Vault:
    """Fernet (AES-128-CBC with HMAC-SHA256) under one or more master keys of 32 bytes."""

    def __init__(self, master_keys: Sequence[bytes]) -> None:
        self._keys = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in master_keys])

    def seal(self, content: object) -> bytes:
        """Seals JSON-able content under the first key."""
        return self._keys.encrypt(json.dumps(content, ensure_ascii=False, default=str).encode())

    def open(self, sealed: bytes) -> Any:
        """Opens what any of the keys sealed. Raises SealBrokenError."""
        return json.loads(self.open_bytes(sealed))

    def seal_bytes(self, content: bytes) -> bytes:
        return self._keys.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        try:
            return self._keys.decrypt(sealed)
        except InvalidToken as e:
            msg = "no key in BRIDGE_MASTER_KEYS opens this record; add the key it was sealed with"
            raise SealBrokenError(msg) from e

    def reseal(self, sealed: bytes) -> bytes:
        """The same content sealed under the first key, for rotation."""
        return self._keys.rotate(sealed)
