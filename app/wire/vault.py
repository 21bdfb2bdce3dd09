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
        keys = [Fernet(base64.urlsafe_b64encode(key)) for key in master_keys]
        self._first, self._keys = keys[0], MultiFernet(keys)

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

    def seal_apart(self, content: object) -> tuple[bytes, bytes]:
        """Seals JSON-able content under a key of its own; answers both, the key sealed under the first master key.

        Whoever destroys the sealed key has destroyed the content.
        """
        key = Fernet.generate_key()
        text = json.dumps(content, ensure_ascii=False).encode()
        return Fernet(key).encrypt(text), self._keys.encrypt(key)

    def open_apart(self, sealed: bytes, sealed_key: bytes) -> Any:
        """Opens what `seal_apart` made. Raises SealBrokenError."""
        try:
            return json.loads(Fernet(self.open_bytes(sealed_key)).decrypt(sealed))
        except InvalidToken as e:
            raise SealBrokenError("this record was not sealed with the key beside it") from e

    def reseal(self, sealed: bytes) -> bytes | None:
        """The same content sealed under the first key; None where it is that already. Raises SealBrokenError."""
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return self.seal_bytes(self.open_bytes(sealed))
        return None
