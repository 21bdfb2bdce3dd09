"""Who is calling: OAuth 1.0a with HMAC-SHA256, integration tokens as bearer, and administrators' tokens.

Rules and wording from Magento's Framework.Oauth, Integration and Webapi modules; 001, 002, 003 and 085 are recorded.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from sandbox.stores.magento2.answers import Answer, ApiError, Call
from sandbox.stores.magento2.php import whole
from sandbox.stores.magento2.state import Shop

CONSUMER_KEY: Final = "ck7x0m2sandbox0consumer0key00001"
CONSUMER_SECRET: Final = "cs7x0m2sandbox0consumer0secret01"
ACCESS_TOKEN: Final = "at7x0m2sandbox0access0token00001"
ACCESS_TOKEN_SECRET: Final = "as7x0m2sandbox0access0secret0001"
"""The one integration of this shop; Magento's keys and tokens have 32 characters."""

ADMIN_USER: Final = "lab"
ADMIN_PASSWORD: Final = "labLAB12345"
_ADMIN_TOKEN_S: Final = 3600
_AHEAD_S: Final = 600
"""How far ahead of the shop's clock a caller's may be; any time in the past is taken."""
_KEPT_NONCES: Final = 100_000
_PARTS: Final = (
    "oauth_consumer_key", "oauth_signature", "oauth_signature_method", "oauth_nonce", "oauth_timestamp", "oauth_token",
)  # fmt: skip


def signature(method: str, url: str, parameters: list[tuple[str, str]], secret: str, token_secret: str) -> str:
    """base64 HMAC-SHA256 over the base string of RFC 5849; `url` without its query, `parameters` decoded."""
    pairs = sorted((_escape(name), _escape(value)) for name, value in parameters if name != "oauth_signature")
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    text = "&".join([method.upper(), _escape(url), _escape(joined)])
    key = f"{_escape(secret)}&{_escape(token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Gate:
    """Tells an integration, an administrator and a guest apart."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def authorize(self, header: str, method: str, url: str, query: str, resource: str) -> None:
        """401 unless the caller may use the resource; `anonymous` is open to everybody."""
        scheme = header.split(" ", 1)[0].lower()
        if scheme == "oauth":
            self._signed(header, method, url, query)
            known, integration = True, True
        else:
            token = header[7:].strip() if scheme == "bearer" else ""
            integration = self.shop.options.bearer == "allowed" and hmac.compare_digest(
                token.encode(), ACCESS_TOKEN.encode()
            )
            known = integration or self._is_admin_token(token)
        if resource == "anonymous":
            return
        if not known or (integration and resource in self.shop.options.denied_resources):
            raise ApiError.unauthorized(resource)

    def _signed(self, header: str, method: str, url: str, query: str) -> None:
        given = _header_parts(header)
        version = given.get("oauth_version", "1.0")
        if version != "1.0":
            raise ApiError(400, 'The "%1" Oauth version isn\'t supported.', [version])
        for name in _PARTS:
            if not given.get(name):
                raise ApiError.required(name)
        if len(given["oauth_token"]) != len(ACCESS_TOKEN):
            raise ApiError(400, "The token length is invalid. Check the length and try again.")
        if given["oauth_signature_method"] != "HMAC-SHA256":
            raise ApiError(400, "Signature method %1 is not supported", [given["oauth_signature_method"]])
        if len(given["oauth_consumer_key"]) != len(CONSUMER_KEY):
            raise ApiError(401, "Consumer key is not the correct length")
        if given["oauth_consumer_key"] != CONSUMER_KEY:
            raise ApiError(401, "A consumer having the specified key does not exist")
        self._take_nonce(given["oauth_nonce"], whole(given["oauth_timestamp"]))
        if given["oauth_token"] != ACCESS_TOKEN:
            raise ApiError(401, "Specified token does not exist")
        own = signature(method, url, [*given.items(), *_query_parts(query)], CONSUMER_SECRET, ACCESS_TOKEN_SECRET)
        if not hmac.compare_digest(own.encode(), given["oauth_signature"].encode()):
            raise ApiError(401, "The signature is invalid. Verify and try again.")

    def _take_nonce(self, nonce: str, timestamp: int) -> None:
        """A nonce counts as used even when the signature turns out to be wrong."""
        # The caller signs by its machine's clock, which does not follow a sandbox clock that was stopped or moved.
        latest = max(self.shop.world.now(), self.shop.world.unmoved(), datetime.now(UTC))
        now = latest.timestamp() - self.shop.options.clock_behind_seconds
        if timestamp <= 0 or timestamp > now + _AHEAD_S:
            raise ApiError(400, "Incorrect timestamp value in the oauth_timestamp parameter")
        if nonce in self.shop.nonces:
            raise ApiError(401, "The nonce is already being used by the consumer with ID %1", ["1"])
        self.shop.nonces[nonce] = timestamp
        if len(self.shop.nonces) > _KEPT_NONCES:
            self.shop.nonces.pop(next(iter(self.shop.nonces)))

    def admin_token(self, username: Any, password: Any) -> str:
        """A JWT for an hour (recorded 003); 401 in the shop's words otherwise."""
        if (username, password) != (ADMIN_USER, ADMIN_PASSWORD):
            raise ApiError(
                401,
                "The account sign-in was incorrect or your account is disabled temporarily. "
                "Please wait and try again later.",
            )
        issued = int(self.shop.now().timestamp())
        payload = {"uid": 1, "utypid": 2, "iat": issued, "exp": issued + _ADMIN_TOKEN_S}
        text = f"{_part({'kid': '1', 'alg': 'HS256'})}.{_part(payload)}"
        return f"{text}.{self._seal(text)}"

    def _is_admin_token(self, token: str) -> bool:
        text, _, seal = token.rpartition(".")
        if not text or not hmac.compare_digest(seal.encode(), self._seal(text).encode()):
            return False
        encoded = text.partition(".")[2]
        try:
            claims = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        except (binascii.Error, ValueError):
            return False
        return bool(claims["exp"] > self.shop.world.now().timestamp())

    def _seal(self, text: str) -> str:
        key = self.shop.secret("jwt").encode()
        return base64.urlsafe_b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()


class Tokens:
    """The route of administrators' tokens."""

    def __init__(self, shop: Shop) -> None:
        self._gate = Gate(shop)

    def issue(self, call: Call) -> Answer:
        """POST integration/admin/token."""
        return Answer(self._gate.admin_token(call.maybe("username"), call.maybe("password")))


def _part(claims: dict[str, Any]) -> str:
    raw = json.dumps(claims, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _escape(text: str) -> str:
    return quote(text, safe="-._~")


def _header_parts(header: str) -> dict[str, str]:
    """`oauth_*` values of the Authorization header; the realm is left alone."""
    found = re.findall(r'(oauth_\w+)\s*=\s*"?([^",]*)"?', header)
    return {name: unquote(value) for name, value in found}


def _query_parts(query: str) -> list[tuple[str, str]]:
    """Query parameters as Magento signs them: a `+` stays a plus, and a name without `=` is not signed at all."""
    pairs = [pair.split("=") for pair in query.split("&")]
    return [(unquote(pair[0]), unquote(pair[1])) for pair in pairs if len(pair) == 2]
