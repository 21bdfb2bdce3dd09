"""Speaks Magento's REST API: addresses, signatures, searchCriteria and the errors it answers."""

import json
import secrets
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.magento2.oauth import authorization, query
from app.stores.magento2.settings import Credentials
from app.wire.http import Http, Refused
from app.wire.masking import brief

NO_ROUTE = "does not match any route"
_READ_TIMEOUT_S = 30
_WRITE_TIMEOUT_S = 60
"""A creation or a shipment may run into reindexing."""
_TRANSIENT = ("lock wait timeout", "deadlock")
"""400 that passes: Magento wraps these database errors as business errors while it reindexes (reference 10.21)."""


class Rest:
    """One shop's API under one token. Paths start after the scope, such as `/V1/orders`.

    Raises Retryable and Refused, as `Http.send` does, with Magento's placeholders filled in.
    """

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self.credentials = credentials

    async def get(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Any:
        return await self._send("GET", path, params, None)

    async def post(self, path: str, body: object | None = None) -> Any:
        return await self._send("POST", path, (), {} if body is None else body)

    async def put(self, path: str, body: object) -> Any:
        return await self._send("PUT", path, (), body)

    async def _send(self, method: str, path: str, params: Sequence[tuple[str, str]], body: object | None) -> Any:
        address = f"{self.credentials.base_url}/rest/all{path}"
        url = f"{address}?{query(params)}" if params else address
        try:
            answer = await self._http.send(
                method,
                url,
                headers={
                    "Authorization": self._authorization(method, address, params),
                    "Cache-Control": "no-cache",
                    **({} if body is None else {"Content-Type": "application/json"}),
                },
                content=None if body is None else encoded(body).encode(),
                timeout_s=_READ_TIMEOUT_S if method == "GET" else _WRITE_TIMEOUT_S,
            )
            return answer.json()
        except Refused as e:
            raise _explained(e, f"{method} {path}") from e

    def _authorization(self, method: str, address: str, params: Sequence[tuple[str, str]]) -> str:
        token = self.credentials.token
        if token is None:
            return f"Bearer {self.credentials.bearer_token}"
        # A nonce is kept by the shop and refused the second time: always a new one.
        return authorization(token, method, address, params, secrets.token_hex(16), int(time.time()))


def encoded(value: object) -> str:
    """JSON with Decimals as numbers, digit by digit: Magento's fields are numbers (recorded 025), ours never floats.

    >>> encoded({"grand_total": Decimal("58.82"), "items": [1, "ü"]})
    '{"grand_total":58.82,"items":[1,"ü"]}'
    """
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{encoded(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(encoded(inner) for inner in value) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def segment(text: str) -> str:
    """A SKU or number as one segment of a path."""
    return quote(text, safe="")


def said(refused: Refused) -> str:
    """Magento's message with its `%name` and `%1` placeholders filled in; empty for an HTML page."""
    body = refused.json()
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return ""
    parts = [_filled(body["message"], body.get("parameters"))]
    errors = body.get("errors")
    more = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    parts += [_filled(e["message"], e.get("parameters")) for e in more if isinstance(e.get("message"), str)]
    return "; ".join(parts)


def _filled(message: str, parameters: Any) -> str:
    named: Mapping[str, Any] = {}
    if isinstance(parameters, dict):
        named = parameters
    elif isinstance(parameters, list):
        named = {str(n): value for n, value in enumerate(parameters, 1)}
    for name in sorted(named, key=lambda n: -len(str(n))):
        message = message.replace(f"%{name}", str(named[name]))
    return message


def _explained(refused: Refused, what: str) -> Permanent | Retryable:
    message = said(refused)
    if refused.status == 400 and any(word in message.lower() for word in _TRANSIENT):
        return Retryable(f"{what}: the shop's database is busy: {brief(message, 200)}")
    if not message:
        return refused
    if refused.status in {400, 401} and "nonce is already" in message.lower():
        return Retryable(f"{what}: the shop saw this request twice; something on the way has repeated it")
    detail = f"{what} answered {refused.status} ({brief(message, 300)})"
    # A clock that is off and a nonce used twice are told as 400 on some versions.
    key_trouble = refused.status in {401, 403} or "oauth_" in message
    problem = Problem.CREDENTIALS if key_trouble else refused.problem
    return Refused(problem, detail, refused.status, refused.body, refused.location)


def gone(refused: Refused) -> bool:
    """Whether the shop says that it has no such row; a missing route or an HTML page says nothing about rows."""
    message = said(refused)
    return refused.status == 404 and bool(message) and NO_ROUTE not in message
