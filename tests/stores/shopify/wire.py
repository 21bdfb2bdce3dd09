"""A Shopify that answers from a script, for what no store does on demand: broken answers, throttling, lost tokens."""

import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from app.stores.shopify import Adapter
from app.stores.shopify.settings import Credentials, Settings
from tests.stores.asked import connection, http_to
from tests.stores.shapes import as_body

DOMAIN = "shoe-shop.myshopify.com"
SECRET = "shpss_test_new"


class Script:
    """Answers by the document's name: a value, or a function of the variables. Keeps what was asked."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.requests: list[httpx.Request] = []
        self.headers = {"X-Shopify-API-Version": "2026-07", "X-Request-ID": "r-1"}
        self.tokens = ["shpat_1", "shpat_2", "shpat_3"]
        self.good_tokens: set[str] | None = None
        self.token_answer: httpx.Response | None = None
        self.token_seconds = 86_399

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]

    def respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path.endswith("/oauth/access_token"):
            body = {"access_token": self.tokens.pop(0), "scope": "", "expires_in": self.token_seconds}
            return self.token_answer or httpx.Response(200, json=body)
        if self.good_tokens is not None and request.headers["x-shopify-access-token"] not in self.good_tokens:
            return httpx.Response(401, json={"errors": "[API] Invalid API key or access token"})
        sent = json.loads(request.content)
        found = re.match(r"(?:query|mutation) (\w+)", sent["query"])
        assert found
        self.asked.append((found[1], sent["variables"]))
        answer = self.answers[found[1]]
        if callable(answer):
            answer = answer(sent["variables"])
        if isinstance(answer, httpx.Response):
            return answer
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer, headers=self.headers)
        return httpx.Response(200, content=as_body(answer), headers=self.headers)

    def adapter(
        self,
        settings: Settings | None = None,
        *,
        secrets: tuple[str, ...] = (SECRET,),
        store_id: str = "s-1",
        **credentials: str | None,
    ) -> Adapter:
        given = {"shop_domain": DOMAIN, "access_token": "shpat_0", **credentials}
        kept = connection(Credentials.model_validate(given), settings or Settings(), secrets, store_id)
        return Adapter(kept, http_to(httpx.MockTransport(self.respond)))


def data(**roots: Any) -> dict[str, Any]:
    return {"data": roots}


def refused(code: str, message: str = "no", **extensions: Any) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code, **extensions}}], "data": None}
