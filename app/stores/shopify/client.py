"""Speaks Shopify's Admin GraphQL API: address, version, token, and one document at a time."""

import asyncio
import re
from typing import Any

import structlog

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.shopify import answers
from app.stores.shopify.bucket import LONGEST_S, Bucket
from app.stores.shopify.reading import document
from app.stores.shopify.settings import Credentials, Settings
from app.stores.shopify.token import Token
from app.wire.http import Answer, Http, Refused
from app.wire.masking import mask

_NAME = re.compile(r"(?:query|mutation) (\w+)")
_STATES = {
    402: "the store is frozen, its bill is unpaid",
    404: "there is no store at this address",
    423: "the store is locked",
}
_TIMEOUT_S = 40

log = structlog.get_logger("bridge")


class Graph:
    """One store's API. Raises Retryable and Permanent; `served` is the version that really answered last."""

    def __init__(self, http: Http, credentials: Credentials, settings: Settings) -> None:
        self._http = http
        self._token = Token(http, credentials)
        self._bucket = Bucket()
        self.credentials = credentials
        self.settings = settings
        self.served: str | None = None

    async def ask(self, query: str, /, **variables: Any) -> dict[str, Any]:
        """Sends one document and answers its `data`. A token that is refused is renewed once.

        Waits up to a few seconds where the cost bucket, as last shown, could not pay the document.
        """
        named = _NAME.match(query)
        name = named[1] if named else "query"
        what = f"Shopify {name}"
        await self._until_payable(name)
        token = await self._token.value()
        try:
            answer = await self._send(query, variables, token)
        except Refused as e:
            if e.status != 401 or not self._token.drop(token):
                raise _explained(e, what) from e
            answer = await self._renewed(query, variables, what)
        self._note_version(answer.headers.get("x-shopify-api-version"))
        body = document(answer.json(), what)
        self._bucket.note(name, body)
        request_id = answer.headers.get("x-request-id")
        if error := answers.failure(body, f"{what} (request {request_id})" if request_id else what):
            raise error
        if not isinstance(body.get("data"), dict):
            raise Retryable(f"{what}: the answer holds neither data nor errors")
        return document(body["data"], what)

    async def _until_payable(self, name: str) -> None:
        """Looks again after each pause: what filled up meanwhile may have gone to a call beside this one."""
        left = LONGEST_S
        while left > 0 and (pause := min(self._bucket.wait_s(name), left)) > 0:
            await asyncio.sleep(pause)
            left -= pause
        self._bucket.spend(name)

    def _note_version(self, served: str | None) -> None:
        """Logged here, once per version, because no error will tell: a retired version falls forward (documented)."""
        if served and served != self.served:
            self.served = served
            asked = self.settings.api_version
            if served != asked:
                log.warning("shopify.version", side=self.credentials.shop_domain, asked=asked, served=served)

    async def _renewed(self, query: str, variables: dict[str, Any], what: str) -> Answer:
        try:
            return await self._send(query, variables, await self._token.value())
        except Refused as e:
            raise _explained(e, what) from e

    async def _send(self, query: str, variables: dict[str, Any], token: str) -> Answer:
        return await self._http.send(
            "POST",
            f"{self.credentials.address}/admin/api/{self.settings.api_version}/graphql.json",
            headers={"X-Shopify-Access-Token": token},
            json_body={"query": query, "variables": variables},
            timeout_s=_TIMEOUT_S,
        )


def _explained(refused: Refused, what: str) -> Permanent:
    """A store that is closed to us is no fault of the order in hand: it stays until the connection works again."""
    if 300 <= refused.status < 400:
        place = mask(refused.location or "nowhere")
        text = f"{what}: the store was renamed or moved, to {place}; enter its myshopify.com address anew"
        return Permanent(Problem.CREDENTIALS, text)
    if refused.status in _STATES:
        return Permanent(Problem.CREDENTIALS, f"{what}: {_STATES[refused.status]} ({refused})")
    if refused.status in {401, 403}:
        text = f"{what}: {refused}; was the app uninstalled, or its token revoked?"
        return Permanent(Problem.CREDENTIALS, text)
    return refused
