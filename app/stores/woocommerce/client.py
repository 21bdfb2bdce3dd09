"""Speaks WooCommerce's REST API v3: addresses, key, paging and the answers badly run hosts give."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem
from app.stores.woocommerce.reading import entries
from app.stores.woocommerce.settings import Credentials
from app.wire.http import Answer, Http, Refused

PER_PAGE = 100
_TIMEOUT_S = 60
"""Slow shops take 10 to 30 s for an order call (reported by integrators)."""


class Rest:
    """One shop's API. Raises what `Http.send` raises; paths start after `/wp-json`, such as `/wc/v3/orders`."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self.credentials = credentials

    async def get(self, path: str, **params: str) -> Any:
        return parsed(await self._send("GET", path, params))

    async def post(self, path: str, body: object, **params: str) -> Any:
        return parsed(await self._send("POST", path, params, body))

    async def put(self, path: str, body: object, **params: str) -> Any:
        return parsed(await self._send("PUT", path, params, body))

    async def delete(self, path: str, **params: str) -> None:
        await self._send("DELETE", path, params)

    async def pages(self, path: str, **params: str) -> AsyncIterator[list[dict[str, Any]]]:
        """Every page of a list, 100 entries each; stops at a page that is not full or that the shop refuses."""
        page = 1
        while found := await self.page(path, page, **params):
            yield found
            if len(found) < PER_PAGE:
                return
            page += 1

    async def page(self, path: str, number: int, **params: str) -> list[dict[str, Any]]:
        """One page of a list; empty beyond the end, which some lists answer with 400 instead."""
        try:
            answer = await self.get(path, **params, page=str(number), per_page=str(PER_PAGE))
        except Refused as e:
            if number > 1 and code_of(e) == "rest_post_invalid_page_number":
                return []
            raise
        return entries(answer, f"GET {path}")

    async def _send(self, method: str, path: str, params: dict[str, str], body: object = None) -> Answer:
        key = self.credentials
        base = f"{key.base_url}/wp-json{path}" if key.permalinks == "pretty" else f"{key.base_url}/"
        route = {} if key.permalinks == "pretty" else {"rest_route": path}
        secret = {"consumer_key": key.consumer_key, "consumer_secret": key.consumer_secret}
        in_query = key.auth == "query"
        return await self._http.send(
            method,
            base,
            params={**route, **params, **(secret if in_query else {})},
            # Full-page caches of some hosts keep authenticated answers (reported by integrators).
            headers={"Cache-Control": "no-cache"},
            json_body=body,
            auth=None if in_query else (key.consumer_key, key.consumer_secret),
            timeout_s=_TIMEOUT_S,
        )


def parsed(answer: Answer) -> Any:
    """The answer as JSON, also behind a byte order mark or PHP notices; Retryable when it is cut off or no JSON."""
    try:
        return _json(answer.body)
    except RecursionError as e:
        raise Permanent(Problem.STATE_CONFLICT, "the shop's answer is nested too deeply to be read") from e
    except ValueError:
        return answer.json()


def _json(body: bytes) -> Any:
    """JSON from its first brace or bracket on."""
    text = body.decode("utf-8", "replace")
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    return json.loads(text[min(starts, default=0) :], parse_float=Decimal)


def error_of(refused: Refused) -> dict[str, Any]:
    """WordPress's error object `{code, message, data}`; empty for an HTML page."""
    try:
        body = _json(refused.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def code_of(refused: Refused) -> str:
    """WordPress's error code, such as `rest_no_route`; empty for an HTML page."""
    code = error_of(refused).get("code")
    return code if isinstance(code, str) else ""
