"""Checks a keyed hash over raw bytes: constant time, several live secrets, an empty secret matches nothing."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from typing import Literal

from app.domain.errors import SignatureInvalid


def check_hmac(
    secrets: Iterable[str],
    body: bytes,
    given: str | None,
    *,
    encoding: Literal["base64", "hex"] = "base64",
    algorithm: str = "sha256",
) -> None:
    """Raises SignatureInvalid unless `given` is the HMAC of `body` under one of the secrets; all are tried."""
    if not given:
        msg = "the signature header is missing"
        raise SignatureInvalid(msg)
    try:
        claimed = base64.b64decode(given, validate=True) if encoding == "base64" else bytes.fromhex(given)
    except (binascii.Error, ValueError) as e:
        msg = f"the signature is not {encoding}"
        raise SignatureInvalid(msg) from e
    matched = False
    for secret in secrets:
        expected = hmac.digest(secret.encode(), body, algorithm)
        matched |= bool(secret) and hmac.compare_digest(expected, claimed)
    if not matched:
        msg = "the signature matches no current secret of this store"
        raise SignatureInvalid(msg)
