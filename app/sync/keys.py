"""What the vault keeps of a store: both sides' credentials and the webhook secrets."""

import secrets
import string
from typing import Annotated

from pydantic import Field

from app.domain.value import Value
from app.wire.vault import Vault

_ALPHABET = string.ascii_letters + string.digits
MAX_SECRETS = 2


class IdealoKeys(Value):
    """One idealo credential pair; it belongs to exactly one shop there."""

    client_id: str
    client_secret: str
    base_url: str

    def __repr__(self) -> str:
        """Secrets do not slip into logs through a repr."""
        return "IdealoKeys(***)"

    __str__ = __repr__


class StoreKeys(Value):
    """Everything secret about a store; the newest webhook secret comes first, all of them are valid."""

    credentials: dict[str, str]
    idealo: IdealoKeys
    webhook_secrets: Annotated[tuple[str, ...], Field(min_length=1, max_length=MAX_SECRETS)]

    def __repr__(self) -> str:
        """Secrets do not slip into logs through a repr."""
        return "StoreKeys(***)"

    __str__ = __repr__

    def sealed(self, vault: Vault) -> bytes:
        return vault.seal(self.model_dump(mode="json"))


def open_keys(vault: Vault, sealed: bytes) -> StoreKeys:
    """Raises SealBrokenError when no master key opens them."""
    return StoreKeys.model_validate(vault.open(sealed))


def new_webhook_secret() -> str:
    """48 letters and digits: WooCommerce HTML-decodes secrets, so anything else breaks signatures there."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(48))
