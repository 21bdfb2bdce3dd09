"""Signatures of the operator's own: PEM keys in files, Ed25519."""

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


class KeyUnusable(Exception):
    """A key file that cannot be read, or holds another kind of key."""


def sign(content: bytes, key_file: Path) -> str:
    """Base64 of the signature with an unencrypted PKCS#8 key. Raises KeyUnusable."""
    try:
        key = load_pem_private_key(_read(key_file), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as e:
        raise KeyUnusable(
            f"{key_file} holds no private key without a password: make one with openssl genpkey -algorithm ed25519"
        ) from e
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{key_file} holds another kind of key: make one with openssl genpkey -algorithm ed25519")
    return base64.b64encode(key.sign(content)).decode()


def signed(content: bytes, signature: str, key_file: Path) -> bool:
    """Whether the owner of this public key signed exactly this. Raises KeyUnusable."""
    try:
        key = load_pem_public_key(_read(key_file))
    except (ValueError, UnsupportedAlgorithm) as e:
        raise KeyUnusable(f"{key_file} holds no public key: take it out with openssl pkey -pubout") from e
    if not isinstance(key, Ed25519PublicKey):
        raise KeyUnusable(f"{key_file} holds another kind of key than Ed25519")
    try:
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _read(key_file: Path) -> bytes:
    try:
        return key_file.read_bytes()
    except OSError as e:
        raise KeyUnusable(f"{key_file} cannot be read: {e.strerror}") from e
