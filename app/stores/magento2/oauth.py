"""Signs requests with OAuth 1.0a, HMAC-SHA256 (RFC 5849, with the method Magento documents); pure.

Seventy lines instead of a library: Magento signs no bodies and knows one method and one place for the parameters.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import quote, urlsplit

from app.domain.value import Value

Pairs = Sequence[tuple[str, str]]
_DEFAULT_PORTS = {"http": 80, "https": 443}
# RFC 5849 3.6: letters, digits and these stay, everything else is escaped, in upper case.
_UNRESERVED = "-._~"


class Token(Value):
    """The four values Magento shows when an integration is activated."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str

    def __repr__(self) -> str:
        """Secrets do not slip into logs through a repr."""
        return "Token(***)"

    __str__ = __repr__


def escaped(text: str) -> str:
    """RFC 5849 3.6 percent-encoding; a space is %20, never a plus.

    >>> escaped("searchCriteria[pageSize] ü~")
    'searchCriteria%5BpageSize%5D%20%C3%BC~'
    """
    return quote(text, safe=_UNRESERVED)


def query(params: Pairs) -> str:
    """The query string of a signed request: what is signed is what is sent."""
    return "&".join(f"{escaped(key)}={escaped(value)}" for key, value in params)


def base_string(method: str, url: str, params: Pairs) -> str:
    """RFC 5849 3.4.1: method, address without query, and all parameters sorted after escaping."""
    pairs = sorted((escaped(key), escaped(value)) for key, value in params)
    normalized = "&".join(f"{key}={value}" for key, value in pairs)
    return "&".join((method.upper(), escaped(base_address(url)), escaped(normalized)))


def base_address(url: str) -> str:
    """RFC 5849 3.4.1.2: scheme and host in lower case, no default port, no query, the path as it is sent."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme.lower()}://{host}{port}{parts.path or '/'}"


def signature(token: Token, method: str, url: str, params: Pairs) -> str:
    """Base64 of the HMAC-SHA256 of the base string; `params` are the query's and all `oauth_` ones."""
    key = f"{escaped(token.consumer_secret)}&{escaped(token.access_token_secret)}"
    digest = hmac.new(key.encode(), base_string(method, url, params).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def authorization(token: Token, method: str, url: str, params: Pairs, nonce: str, timestamp: int) -> str:
    """The Authorization header. `url` has no query; `params` are the query's. Bodies are not signed (JSON)."""
    oauth = {
        "oauth_consumer_key": token.consumer_key,
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_timestamp": str(timestamp),
        "oauth_token": token.access_token,
        "oauth_version": "1.0",
    }
    oauth["oauth_signature"] = signature(token, method, url, [*params, *oauth.items()])
    return "OAuth " + ", ".join(f'{key}="{escaped(value)}"' for key, value in sorted(oauth.items()))
