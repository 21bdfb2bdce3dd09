"""Speaks with our own Magento module, where the shop has it: what it is, its webhook, its import."""

import hashlib
import hmac
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.value import Value
from app.ports import Finding
from app.stores.magento2.client import Rest, said
from app.stores.magento2.reading import document, identity, text_or_none
from app.wire.http import Refused
from app.wire.json_fields import flag
from app.wire.masking import brief

_PATH = "/V1/idealo-connector"
UNKNOWN_SKU = "sku_not_found"
INSTALL = (
    "Copy integrations/magento2 of the bridge to app/code/Idealo/Connector of the shop, run bin/magento module:enable "
    "Idealo_Connector and setup:upgrade, tick idealo Connector among the integration's resources and reauthorize it."
)


class Module(Value):
    """What the module says of itself."""

    version: str
    enabled: bool
    url: str
    secret_mark: str
    waiting: int = 0
    dead: int = 0
    stock: str = ""
    """`msi` (reservations) or `legacy` (stock items)."""


class Imported(Value):
    """What the module's import answers."""

    order_id: str
    created: bool
    warnings: tuple[str, ...]


def mark_of(secret: str) -> str:
    """Shows which secret is in use without showing it: the module answers the same of its own."""
    return hmac.new(secret.encode(), b"idealo-connector", hashlib.sha256).hexdigest()[:16]


async def info(rest: Rest) -> Module | None:
    """The module, or None where the shop has none."""
    try:
        return _module(await rest.get(f"{_PATH}/info"))
    except Refused as e:
        # The text is translated where the shop has a language pack; a page without one is no answer of Magento's.
        if e.status == 404 and said(e):
            return None
        raise


async def ensure(rest: Rest, secret: str, url: str) -> tuple[Finding, ...]:
    """Enters address and secret in the module unless they are there. Safe to repeat."""
    if not secret:
        raise Permanent(Problem.CREDENTIALS, "this store has no webhook secret; add one before setting up webhooks")
    found = await info(rest)
    if found is None:
        text = "our module is not installed: changes are found by polling, minutes later, and nothing is lost"
        return (Finding(name="module", ok=True, level="absent", detail=text, advice=INSTALL),)
    done = []
    if not found.enabled:
        done.append("switched on")
    if found.url != url:
        done.append("address entered")
    if found.secret_mark != mark_of(secret):
        done.append("secret entered")
    if done:
        config = {"url": url, "secret": secret, "enabled": True}
        found = _module(await rest.put(f"{_PATH}/config", {"config": config}))
    return (_configured(found, secret, url, done), *_queue(found))


def _configured(found: Module, secret: str, url: str, done: list[str]) -> Finding:
    if (found.enabled, found.url, found.secret_mark) == (True, url, mark_of(secret)):
        said = "; ".join(done) or "in place"
        return Finding(name="webhook", ok=True, detail=f"module {found.version}: {said}")
    advice = "Look for values of idealo Connector fixed in app/etc/env.php, or flush the configuration cache."
    text = "the module did not keep the address and secret it was given"
    return Finding(name="webhook", ok=False, detail=text, advice=advice)


def _queue(found: Module) -> tuple[Finding, ...]:
    if not found.dead:
        return ()
    text = f"{found.dead} webhooks of the module were given up; polling has found what they told"
    return (Finding(name="outbox", ok=True, detail=text),)


async def create(rest: Rest, entity: dict[str, Any], *, invoice: bool) -> Imported:
    """Saves the order and books its stock in one transaction of the shop; twice for one order answers the first.

    Raises Permanent(unknown_sku) where a product went away since it was looked up.
    """
    try:
        answer = document(await rest.post(f"{_PATH}/orders", {"order": entity, "invoice": invoice}), "import")
    except Refused as e:
        if e.status == 400 and said(e).startswith(UNKNOWN_SKU):
            raise Permanent(Problem.UNKNOWN_SKU, f"nothing was created; {said(e)}") from e
        raise
    warnings = answer.get("warnings")
    return Imported(
        order_id=identity(answer.get("order_id"), "import: order_id"),
        created=flag(answer.get("created")),
        warnings=tuple(brief(str(w), 300) for w in warnings) if isinstance(warnings, list) else (),
    )


def _module(answer: Any) -> Module:
    body = document(answer, "module")
    return Module(
        version=text_or_none(body.get("version"), "module: version") or "of unknown version",
        enabled=flag(body.get("enabled")),
        url=text_or_none(body.get("url"), "module: url") or "",
        secret_mark=text_or_none(body.get("secret_mark"), "module: secret_mark") or "",
        waiting=int(body["waiting"]) if isinstance(body.get("waiting"), int) else 0,
        dead=int(body["dead"]) if isinstance(body.get("dead"), int) else 0,
        stock=text_or_none(body.get("stock"), "module: stock") or "",
    )
