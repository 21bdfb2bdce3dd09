"""Forged tokens beyond the everyday ones: key confusion in every spelling of a key, odd headers, odd claims, sizes."""

import base64
import hmac
import json
import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt
from pydantic import ValidationError

from app.api.auth import TokenChecker, TokenRefused
from app.bootstrap import Bridge
from app.config import Settings
from app.wire import signatures
from app.wire.http import Http
from tests.api.client import caller
from tests.conftest import JWT_SECRET

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PUBLIC = PRIVATE.public_key()
_SPKI, _PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
PEM = PRIVATE.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
LISTED = {**jwk.construct(PEM, "RS256").public_key().to_dict(), "kid": "k1", "use": "sig"}
SPELLINGS = {
    "PEM": _PUBLIC.public_bytes(serialization.Encoding.PEM, _SPKI),
    "PEM without its last line break": _PUBLIC.public_bytes(serialization.Encoding.PEM, _SPKI).strip(),
    "PKCS1 PEM": _PUBLIC.public_bytes(serialization.Encoding.PEM, _PKCS1),
    "DER": _PUBLIC.public_bytes(serialization.Encoding.DER, _SPKI),
    "PKCS1 DER": _PUBLIC.public_bytes(serialization.Encoding.DER, _PKCS1),
    "DER in base64": base64.b64encode(_PUBLIC.public_bytes(serialization.Encoding.DER, _SPKI)),
    "modulus": str(LISTED["n"]).encode(),
    "JSON": json.dumps(LISTED).encode(),
    "its name": b"k1",
    "nothing": b"",
}
AUDIENCE, ISSUER = "bridge-of-shoes", "https://id.example"


def checker(settings: Settings, *, secret: str | None = None) -> TokenChecker:
    """A merchant with an identity provider, perhaps with a secret of the bridge beside it."""
    given = {
        "jwks_url": "https://id.example/keys",
        "jwt_audience": AUDIENCE,
        "jwt_issuer": ISSUER,
        "jwt_secret": secret,
    }
    foreign = Settings.model_validate({**settings.model_dump(exclude={"jwks_file"}), **given})
    answer = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": [LISTED]}))
    return TokenChecker(foreign, Http("jwks", answer, lambda *_: None))


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    return {"sub": "erika", "scope": "configure", "aud": AUDIENCE, "iss": ISSUER, "exp": now + 60, **changes}


def token(header: dict[str, Any], body: dict[str, Any], key: bytes, name: str = "sha256") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, body)]
    signature = hmac.new(key, b".".join(parts), name).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


@pytest.mark.parametrize("spelling", sorted(SPELLINGS))
@pytest.mark.parametrize("secret", [None, JWT_SECRET])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_secret_in_any_spelling(
    settings: Settings, spelling: str, secret: str | None, algorithm: str
) -> None:
    forged = token({"alg": algorithm, "typ": "JWT", "kid": "k1"}, claims(), SPELLINGS[spelling], f"sha{algorithm[2:]}")
    with pytest.raises(TokenRefused):
        await checker(settings, secret=secret).check(forged)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "nOnE", "kid": "k1"}, {"alg": ""}, {"alg": None}, {"alg": ["RS256"]}, {"alg": {}}, {},
        {"alg": "RS512", "kid": "k1"}, {"alg": "PS256", "kid": "k1"}, {"alg": "ES256", "kid": "k1"},
        {"alg": "HS384"}, {"alg": "dir", "enc": "A256GCM"}, {"alg": "RS256", "kid": ["k1"]},
        {"alg": "RS256", "kid": "../../etc/passwd"}, {"alg": "RS256", "kid": "' OR 1=1 --"}, {"alg": "RS256", "kid": 1},
        {"alg": "RS256", "jku": "https://evil.example/keys"}, {"alg": "RS256", "x5u": "https://evil.example"},
        {"alg": "RS256", "jwk": LISTED}, {"alg": "HS256", "crit": ["exp"]}, {"alg": "HS256", "crit": "b64"},
    ],
    ids=lambda header: str({**header, "jwk": "..."} if "jwk" in header else header),  # the key is new in every process
)  # fmt: skip
async def test_headers_choose_neither_algorithm_nor_key(settings: Settings, header: dict[str, Any]) -> None:
    own = claims(aud=settings.jwt_audience, iss=settings.jwt_issuer)
    if header.get("alg") != "HS256":
        with pytest.raises(TokenRefused):
            await checker(settings, secret=JWT_SECRET).check(token(header, claims(), JWT_SECRET.encode()))
    with pytest.raises(TokenRefused):
        await TokenChecker(settings, checker(settings)._http).check(token(header, own, JWT_SECRET.encode()))


@pytest.mark.parametrize(
    "change",
    [
        {"exp": "soon"}, {"exp": -1}, {"exp": [9**9]}, {"exp": 1e400}, {"exp": True}, {"nbf": 9**12}, {"nbf": "x"},
        {"iat": "x"}, {"aud": []}, {"aud": ["other"]}, {"aud": {}}, {"aud": 1}, {"iss": ["https://id.example"]},
        {"iss": ""}, {"sub": 7}, {"sub": None}, {"sub": {}},
    ],
    ids=str,
)  # fmt: skip
async def test_rightly_signed_tokens_with_odd_claims_are_refused(settings: Settings, change: dict[str, Any]) -> None:
    own = claims(aud=settings.jwt_audience, iss=settings.jwt_issuer) | change
    with pytest.raises(TokenRefused):
        await TokenChecker(settings, checker(settings)._http).check(token({"alg": "HS256"}, own, JWT_SECRET.encode()))


@pytest.mark.parametrize(
    "scope",
    [None, 1, {"configure": True}, [["configure"]], "CONFIGURE", "configured", "read,operate,configure"],
    ids=str,
)
async def test_odd_scopes_give_no_right(bridge: Bridge, scope: Any) -> None:
    settings = bridge.settings
    own = claims(aud=settings.jwt_audience, iss=settings.jwt_issuer, scope=scope)
    signed = token({"alg": "HS256"}, own, JWT_SECRET.encode())
    async with caller(bridge) as client:
        answer = await client.get("/admin/v1/stores", headers={"Authorization": f"Bearer {signed}"})
    assert answer.status_code == 403


def bomb(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=") + ".e30.e30"


@pytest.mark.parametrize(
    "given",
    [
        bomb(b"[" * 12_000), bomb(b'{"a":' * 2_400), bomb(b'{"alg":' + b"9" * 5_000 + b"}"), bomb(b"\xff\xfe"),
        bomb(b'{"alg":"HS256","alg":"none"}'), "." * 16_000, "x" * 1_000_000, "e30.e30.", "é.e30.e30", "\0",
        "eyJhbGciOiJIUzI1NiJ9" + ".e30" * 4,
    ],
    ids=lambda text: text[:20].encode("ascii", "replace").decode().replace("\0", "NUL"),
)  # fmt: skip
async def test_garbage_in_the_form_of_a_token_is_401(bridge: Bridge, given: str) -> None:
    with pytest.raises(TokenRefused):
        await TokenChecker(bridge.settings, checker(bridge.settings)._http).check(given)


async def test_a_signature_with_one_bit_changed_is_refused(settings: Settings) -> None:
    good = jwt.encode(claims(), PEM, "RS256", headers={"kid": "k1"})
    head, body, signature = good.split(".")
    await checker(settings).check(good)
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[17] ^= 1
    changed = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    for forged in (f"{head}.{body}.{changed}", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}"):
        with pytest.raises(TokenRefused):
            await checker(settings).check(forged)


@pytest.mark.parametrize("secret", ["", "short", "x" * 31])
def test_a_secret_that_can_be_guessed_stops_the_start(settings: Settings, secret: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({**settings.model_dump(exclude={"jwks_file"}), "jwt_secret": secret})


def test_signatures_are_compared_in_constant_time() -> None:
    """By their code: timing itself cannot be measured honestly on a shared machine. JWTs are compared by jose."""
    assert "compare_digest" in signatures.check_hmac.__code__.co_names
