"""Tokens: whose are taken, whose are refused, and that no admin route is without a scope."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi.routing import APIRoute
from jose import jwk, jwt

from app.api.admin import ADMIN_ROUTERS
from app.api.auth import SCOPES, KeysUnavailable, TokenChecker, TokenRefused, issue_token
from app.api.routing import ScopedRoute, ScopedRouter
from app.bootstrap import Bridge
from app.config import Settings
from app.wire.http import Http
from tests.api.client import caller
from tests.conftest import JWT_SECRET

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
EC_PRIVATE = ec.generate_private_key(ec.SECP256R1())
AUDIENCE, ISSUER = "bridge-of-shoes", "https://id.example"


def pem(key: Any) -> str:
    form = serialization.PrivateFormat.PKCS8
    text: bytes = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    return text.decode()


def public(key: Any, algorithm: str, kid: str) -> dict[str, Any]:
    return {**jwk.construct(pem(key), algorithm).public_key().to_dict(), "kid": kid, "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"sub": "erika", "scope": "read", "aud": AUDIENCE, "iss": ISSUER, "exp": now + 60, "iat": now, **changes}
    return {name: value for name, value in whole.items() if value is not None}


class Issuer:
    """A token issuer at the wire: serves its keys, counts the questions, may be away."""

    def __init__(self) -> None:
        self.keys = [public(PRIVATE, "RS256", "k1"), public(EC_PRIVATE, "ES256", "k2")]
        self.asked = 0
        self.away = False

    def http(self) -> Http:
        def answer(request: httpx.Request) -> httpx.Response:
            self.asked += 1
            if self.away:
                return httpx.Response(503)
            return httpx.Response(200, json={"keys": self.keys})

        return Http("jwks", httpx.MockTransport(answer), lambda *_: None)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def foreign(settings: Settings) -> Settings:
    """Settings of a merchant with an identity provider of his own."""
    given = {"jwks_url": "https://id.example/keys", "jwt_audience": AUDIENCE, "jwt_issuer": ISSUER, "jwt_secret": None}
    return Settings.model_validate({**settings.model_dump(exclude={"jwks_file"}), **given})


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(PRIVATE, "RS256", "k1"), (EC_PRIVATE, "ES256", "k2")])
async def test_tokens_of_a_foreign_issuer_are_taken(
    foreign: Settings, issuer: Issuer, key: Any, algorithm: str, kid: str
) -> None:
    checker = TokenChecker(foreign, issuer.http())
    token = jwt.encode(claims(scopes=["operate"], scope=None), pem(key), algorithm, headers={"kid": kid})
    for _ in range(3):
        found = await checker.check(token)
    assert (found.subject, found.scopes) == ("erika", frozenset({"operate"}))
    assert issuer.asked == 1, "keys are kept"


@pytest.mark.parametrize(
    "change",
    [
        {"exp": None}, {"exp": 1}, {"aud": None}, {"aud": "somebody-else"}, {"iss": "https://evil.example"},
        {"iss": None}, {"sub": None}, {"nbf": 2**31 * 2},
    ],
    ids=str,
)  # fmt: skip
async def test_claims_that_are_missing_or_wrong_refuse_the_token(
    foreign: Settings, settings: Settings, issuer: Issuer, change: dict[str, Any]
) -> None:
    token = jwt.encode(claims(**change), pem(PRIVATE), "RS256", headers={"kid": "k1"})
    with pytest.raises(TokenRefused):
        await TokenChecker(foreign, issuer.http()).check(token)
    own = {"aud": settings.jwt_audience, "iss": settings.jwt_issuer}
    with pytest.raises(TokenRefused):
        await TokenChecker(settings, issuer.http()).check(jwt.encode(claims(**{**own, **change}), JWT_SECRET, "HS256"))


def by_hand(header: dict[str, Any], body: dict[str, Any], sign: Callable[[bytes], bytes]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, body)]
    text = b".".join(parts)
    return (text + b"." + base64.urlsafe_b64encode(sign(text)).rstrip(b"=")).decode()


async def test_algorithm_none_is_refused(foreign: Settings, settings: Settings, issuer: Issuer) -> None:
    for given in (foreign, settings):
        for name in ("none", "None", "NONE"):
            token = by_hand({"alg": name, "typ": "JWT", "kid": "k1"}, claims(), lambda _: b"")
            with pytest.raises(TokenRefused):
                await TokenChecker(given, issuer.http()).check(token)


async def test_public_key_used_as_a_secret_is_refused(foreign: Settings, settings: Settings, issuer: Issuer) -> None:
    token = by_hand(
        {"alg": "HS256", "typ": "JWT", "kid": "k1"},
        claims(),
        lambda t: hmac.new(PUBLIC_PEM, t, hashlib.sha256).digest(),
    )
    with pytest.raises(TokenRefused):
        await TokenChecker(foreign, issuer.http()).check(token)
    mixed = Settings.model_validate({**foreign.model_dump(exclude={"jwks_file"}), "jwt_secret": JWT_SECRET})
    with pytest.raises(TokenRefused):
        await TokenChecker(mixed, issuer.http()).check(token)


async def test_secret_in_the_key_list_is_never_used(foreign: Settings, issuer: Issuer) -> None:
    issuer.keys.append({"kty": "oct", "kid": "k3", "k": base64.urlsafe_b64encode(b"x" * 32).decode(), "alg": "HS256"})
    token = jwt.encode(claims(), "x" * 32, "HS256", headers={"kid": "k3"})
    with pytest.raises(TokenRefused):
        await TokenChecker(foreign, issuer.http()).check(token)


async def test_unknown_and_missing_kid_are_refused_without_asking_again_and_again(
    foreign: Settings, issuer: Issuer
) -> None:
    checker = TokenChecker(foreign, issuer.http())
    for kid in ("other", "another", None):
        token = jwt.encode(claims(), pem(PRIVATE), "RS256", headers={"kid": kid} if kid else None)
        with pytest.raises(TokenRefused):
            await checker.check(token)
    assert issuer.asked == 1


async def test_new_key_is_found_and_old_ones_outlive_an_issuer_that_is_away(foreign: Settings, issuer: Issuer) -> None:
    now = [0.0]
    checker = TokenChecker(foreign, issuer.http(), lambda: now[0])
    old = jwt.encode(claims(), pem(PRIVATE), "RS256", headers={"kid": "k1"})
    await checker.check(old)
    second = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    issuer.keys.append(public(second, "RS256", "k9"))
    now[0] = 31
    await checker.check(jwt.encode(claims(), pem(second), "RS256", headers={"kid": "k9"}))
    issuer.away, now[0] = True, 3600
    await checker.check(old)
    now[0] = 2 * 24 * 3600
    with pytest.raises(KeysUnavailable):
        await checker.check(old)


async def test_weak_rsa_key_is_not_used(foreign: Settings, issuer: Issuer) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - weak on purpose
    issuer.keys = [public(weak, "RS256", "weak")]
    with pytest.raises(TokenRefused):
        await TokenChecker(foreign, issuer.http()).check(
            jwt.encode(claims(), pem(weak), "RS256", headers={"kid": "weak"})
        )


async def test_keys_may_lie_in_a_file(foreign: Settings, issuer: Issuer, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": issuer.keys}))
    given = Settings.model_validate({**foreign.model_dump(exclude={"jwks_url"}), "jwks_file": path})
    token = jwt.encode(claims(), pem(PRIVATE), "RS256", headers={"kid": "k1"})
    assert (await TokenChecker(given, issuer.http()).check(token)).scopes == {"read"}
    assert issuer.asked == 0


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "....", "x" * 20_000, "e30.e30.e30"])
async def test_garbage_is_refused_not_a_bug(settings: Settings, issuer: Issuer, token: str) -> None:
    with pytest.raises(TokenRefused):
        await TokenChecker(settings, issuer.http()).check(token)


async def test_critical_extension_is_refused(settings: Settings, issuer: Issuer) -> None:
    own = claims(aud=settings.jwt_audience, iss=settings.jwt_issuer)
    token = jwt.encode(own, JWT_SECRET, "HS256", headers={"crit": ["b64"]})
    with pytest.raises(TokenRefused):
        await TokenChecker(settings, issuer.http()).check(token)


async def test_without_a_token_401_and_with_too_little_403(bridge: Bridge) -> None:
    async with caller(bridge) as nobody, caller(bridge, "read") as reader:
        answer = await nobody.get("/admin/v1/stores")
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
        answer = await reader.post("/admin/v1/stores", content=b"not even json")
        assert answer.status_code == 403
        assert "configure" in answer.json()["detail"]
        assert 'scope="configure"' in answer.headers["www-authenticate"]
        forged = await nobody.get("/admin/v1/stores", headers={"Authorization": "Bearer a.b.c"})
        assert forged.status_code == 401


def admin_routes() -> list[APIRoute]:
    return [route for router in ADMIN_ROUTERS for route in router.routes if isinstance(route, APIRoute)]


async def test_every_admin_route_wants_a_token_and_its_scope(bridge: Bridge) -> None:
    assert len(admin_routes()) >= 25
    async with caller(bridge) as nobody:
        for route in admin_routes():
            assert isinstance(route, ScopedRoute), route.path
            lacking = [scope for scope in SCOPES if scope not in route.needed_scopes]
            path = route.path_format.format(store_id="x", order_id=1, event_id=1, number=1, idealo_sku="s")
            method = next(iter(route.methods or ()))
            assert (await nobody.request(method, path)).status_code == 401, path
            token = issue_token(bridge.settings, lacking, timedelta(minutes=1), "erika")
            answer = await nobody.request(method, path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 403, path


def test_route_without_a_scope_cannot_be_registered() -> None:
    async def open_to_all() -> None: ...

    with pytest.raises(TypeError, match="states no scope"):
        ScopedRouter("x").add_api_route("/open", open_to_all)
