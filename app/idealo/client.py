"""idealo's Merchant Order API v2: five reads and four writes, each one call, in our words and with our errors."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from app.domain.errors import Permanent, Problem, Retryable, SyncError
from app.domain.orders import IdealoOrder, IdealoRefund, RevocationReason
from app.idealo import bodies, refusals
from app.idealo.mapping import Unreadable, entries_of, order_label, read_entry, read_order, read_refunds
from app.idealo.token import API, CLOSED, IdealoCredentials, Token, TokenSource
from app.ports import Checkup, Finding
from app.wire.http import Answer, Http, Refused

PAGE_SIZE = 100
"""Default and maximum are not documented; 250 and 1000 are in use."""
MAX_PAGES = 10_000
PARTNER = "idealo Bridge"
INTERFACE_VERSION = "0.1.0"
WRITE_RIGHT = "MERCHANTORDERAPI:WRITE_ALL"


class IdealoClient:
    """One shop at idealo. Only Retryable and Permanent come out; nothing is retried except once after a 401.

    `shop_system` and `shop_system_version` name the merchant's shop software for idealo's statistics.
    """

    def __init__(
        self,
        credentials: IdealoCredentials,
        http: Http,
        now: Callable[[], datetime],
        *,
        shop_system: str = "",
        shop_system_version: str = "",
    ) -> None:
        self._credentials = credentials
        self._http = http
        self._reporting = {
            "ERP-Shop-System": _header_text(shop_system),
            "ERP-Shop-System-Version": _header_text(shop_system_version),
            "Integration-Partner": PARTNER,
            "Interface-Version": INTERFACE_VERSION,
        }
        self._tokens = TokenSource(credentials, http, now, self._reporting)

    async def shop_id(self) -> str:
        """The shop these credentials belong to."""
        return (await self._tokens.current()).shop_id

    async def orders(self, since: datetime) -> AsyncIterator[IdealoOrder | Unreadable]:
        """All orders since then, in every state, each once per run.

        Whether idealo looks at created or updated, and in which order it lists, is not documented: overlap generously
        and look at open orders one by one as well. Entries that cannot be read come as Unreadable.
        """
        seen: set[str] = set()
        page = 0
        while page < MAX_PAGES:
            body = await self._page(since, page, PAGE_SIZE)
            entries = entries_of(body)
            if entries is None:
                raise Retryable(f"idealo's order list (page {page}) is not a list of orders")
            fresh = [entry for entry in map(read_entry, entries) if _is_new(entry, seen)]
            for entry in fresh:
                yield entry
            page += 1
            if not entries or _was_last(body, page, len(entries), fresh_ones=len(fresh)):
                return
        raise Retryable(f"idealo's order list does not end after {MAX_PAGES} pages")

    async def new_orders(self) -> AsyncIterator[IdealoOrder | Unreadable]:
        """Orders idealo counts as not acknowledged. One call; what is not acknowledged may or may not come again."""
        body = (await self._read_list("/new-orders", {})).json()
        entries = entries_of(body)
        if entries is None and body is not None and body != {}:
            raise Retryable("idealo's list of new orders is not a list of orders")
        seen: set[str] = set()
        for entry in map(read_entry, entries or []):
            if _is_new(entry, seen):
                yield entry

    async def order(self, idealo_order_id: str) -> IdealoOrder:
        """Raises Permanent(state_conflict) when idealo has no such order or it cannot be read, naming the field."""
        order = read_order(await self._raw_order(idealo_order_id))
        if order.idealo_order_id != idealo_order_id:
            detail = f"{order_label(idealo_order_id)}: idealo answered with order {order.idealo_order_id}"
            raise Permanent(Problem.STATE_CONFLICT, detail)
        return order

    async def set_merchant_order_number(self, idealo_order_id: str, number: str) -> None:
        """Tells the store's order number, which acknowledges the order; it can never be changed.

        A conflict over the very same number counts as success. Raises Permanent(rejected) for a number idealo cannot
        take, Permanent(state_conflict) when another one is stored.
        """
        try:
            await self._write(idealo_order_id, "/merchant-order-number", bodies.order_number(number))
        except Refused as e:
            if e.status != 409:
                raise refusals.of_order(e, idealo_order_id, "store the order number") from e
            raw = await self._raw_order(idealo_order_id)
            stored = raw.get("merchantOrderNumber") if isinstance(raw, dict) else None
            if stored is None or str(stored) != number:
                raise refusals.of_order(e, idealo_order_id, f"store order number {number}") from e

    async def send_fulfillment(self, idealo_order_id: str, carrier: str | None, codes: Sequence[str]) -> None:
        """Reports a shipment: the order becomes COMPLETED and the buyer is told; repeating adds parcels.

        One call, or several for more codes than one may carry; after a failure, ask which codes have arrived.
        Raises Permanent(rejected) for codes without a carrier, before anything is sent.
        """
        try:
            for body in bodies.fulfillments(carrier, codes):
                await self._write(idealo_order_id, "/fulfillment", body)
        except Refused as e:
            raise refusals.of_order(e, idealo_order_id, "report a shipment") from e

    async def send_revocation(
        self, idealo_order_id: str, sku: str, remaining: int, reason: RevocationReason, comment: str = ""
    ) -> None:
        """Takes units of one SKU out of the order; `remaining` is what stays. Repeating is harmless; moves no money."""
        try:
            await self._write(idealo_order_id, "/revocations", bodies.revocation(sku, remaining, reason, comment))
        except Refused as e:
            raise refusals.of_order(e, idealo_order_id, f"leave {remaining} of SKU {sku}") from e

    async def refunds(self, idealo_order_id: str) -> tuple[IdealoRefund, ...]:
        """All refunds idealo lists, failed ones included."""
        try:
            answer = await self._call("GET", _order_path(idealo_order_id) + "/refunds")
        except Refused as e:
            raise refusals.of_order(e, idealo_order_id, "list its refunds") from e
        return read_refunds(answer.json(), idealo_order_id)

    async def send_refund(self, idealo_order_id: str, amount: Decimal, currency: str) -> None:
        """Asks for money to be paid back; idealo decides later, so `refunds` has the result. Not repeatable."""
        try:
            await self._write(idealo_order_id, "/refunds", bodies.refund(amount, currency))
        except Refused as e:
            raise refusals.of_refund(e, idealo_order_id) from e

    async def check(self) -> Checkup:
        """Gets a token and lists one order; changes nothing and never raises a SyncError."""
        findings: list[Finding] = []
        try:
            token = await self._tokens.current()
            findings.append(Finding(name="credentials", ok=True, detail=f"idealo knows them as shop {token.shop_id}"))
            findings += _rights(token)
            if entries_of(await self._page(datetime(2020, 1, 1, tzinfo=UTC), 0, 1)) is None:
                raise Retryable("idealo's order list is not a list of orders")
            findings.append(Finding(name="orders", ok=True, detail="orders can be listed"))
        except SyncError as e:
            name = "orders" if findings else "credentials"
            findings.append(Finding(name=name, ok=False, detail=str(e), advice=_advice(e, self._credentials.base_url)))
        kept = {
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret.get_secret_value(),
            "base_url": self._credentials.base_url,
        }
        return Checkup(findings=tuple(findings), credentials=kept)

    async def _page(self, since: datetime, page: int, size: int) -> Any:
        params = {"from": _timestamp(since), "pageNumber": str(page), "pageSize": str(size)}
        return (await self._read_list("/orders", params)).json()

    async def _read_list(self, path: str, params: Mapping[str, str]) -> Answer:
        try:
            return await self._call("GET", path, params=params)
        except Refused as e:
            raise refusals.of_shop(e, await self.shop_id()) from e

    async def _raw_order(self, idealo_order_id: str) -> Any:
        try:
            answer = await self._call("GET", _order_path(idealo_order_id))
        except Refused as e:
            raise refusals.of_order(e, idealo_order_id, "read it") from e
        return answer.json()

    async def _write(self, idealo_order_id: str, path: str, body: bytes) -> None:
        await self._call("POST", _order_path(idealo_order_id) + path, content=body)

    async def _call(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, content: bytes | None = None
    ) -> Answer:
        """One call below the shop. Raises Retryable, Refused, or Permanent(credentials) after a 401 or 403."""
        token = await self._tokens.current()
        try:
            return await self._send(token, method, path, params, content)
        except Refused as e:
            if e.status != 401:
                raise _unless_credentials(e, token) from e
        self._tokens.drop(token)
        token = await self._tokens.current()
        try:
            return await self._send(token, method, path, params, content)
        except Refused as e:
            if e.status == 401:
                self._tokens.drop(token)
            raise _unless_credentials(e, token) from e

    async def _send(
        self, token: Token, method: str, path: str, params: Mapping[str, str] | None, content: bytes | None
    ) -> Answer:
        headers = {**self._reporting, "Authorization": token.authorization}
        if content is not None:
            headers["Content-Type"] = "application/json"
        shop = quote(token.shop_id, safe="")
        url = f"{self._credentials.base_url}{API}/shops/{shop}{path}"
        return await self._http.send(method, url, params=params, headers=headers, content=content)


def _unless_credentials(e: Refused, token: Token) -> Permanent:
    """A 403 that carries a refund's reason is about the refund, not about the shop."""
    body = e.json() if e.status == 403 else None
    about_refund = isinstance(body, dict) and body.get("reason") in refusals.REFUND_REASONS
    return refusals.of_credentials(e, token.shop_id) if e.status in {401, 403} and not about_refund else e


def _order_path(idealo_order_id: str) -> str:
    if not idealo_order_id.strip(". "):
        raise Permanent(Problem.REJECTED, f"{idealo_order_id!r} is not an idealo order id")
    return f"/orders/{quote(idealo_order_id, safe='')}"


def _timestamp(moment: datetime) -> str:
    """As idealo writes times, in UTC whatever the zone; cut to the second, which only widens the window."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone would be read in the machine's own")
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_new(entry: IdealoOrder | Unreadable, seen: set[str]) -> bool:
    """Whether this run has not had the entry yet; without an id, the content stands for it."""
    key = entry.idealo_order_id if entry.idealo_order_id is not None else f"\0{entry.reason}\0{hash(entry)}"
    new = key not in seen
    seen.add(key)
    return new


def _was_last(body: object, pages_read: int, entries: int, *, fresh_ones: int) -> bool:
    """The announced page count decides. Without one, a short page ends the list, and so does one that only repeats.

    A short page before the announced end is no end: a server that grants smaller pages would cost us orders.
    """
    total = body.get("totalPages") if isinstance(body, dict) else None
    if isinstance(total, int) and not isinstance(total, bool):
        return pages_read >= total
    return entries < PAGE_SIZE or not fresh_ones


def _rights(token: Token) -> list[Finding]:
    if token.scope is None or WRITE_RIGHT in token.scope.split():
        return []
    advice = "create credentials with read and write rights in the idealo Business portal"
    return [Finding(name="rights", ok=False, detail=f"{WRITE_RIGHT} is not among: {token.scope}", advice=advice)]


def _advice(e: SyncError, base_url: str) -> str:
    if isinstance(e, Permanent) and e.problem is Problem.CREDENTIALS:
        return "create a new pair of client id and secret in the idealo Business portal and enter it here"
    return f"check that {base_url} is idealo's order API and can be reached from here ({CLOSED}); then try again"


def _header_text(text: str) -> str:
    """Printable ASCII, which is all a header may safely carry."""
    return "".join(c if " " <= c <= "~" else "?" for c in text).strip()
