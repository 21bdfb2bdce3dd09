"""Texts, addresses and list parameters as they may come in; every refusal says what to do."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.domain.value import Value

LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 4096
DEEPEST = 8


def clean(value: str) -> str:
    """Refuses what Postgres cannot keep: NUL, and halves of characters."""
    if "\0" in value:
        raise ValueError("contains a NUL character; remove it")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("contains half a character (a lone surrogate); send valid Unicode") from None
    return value


def web_address(value: str) -> str:
    """An http(s) address with a host and without user, query or fragment, without trailing slash."""
    parts = urlsplit(clean(value))
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("has no valid port") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be a web address such as https://shop.example")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not carry a user name or password; enter them in their own fields")
    if parts.query or parts.fragment:
        raise ValueError("must not carry a query or fragment")
    return value.rstrip("/")


Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(clean)]
Sku = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255), AfterValidator(clean)]
Reason = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(clean),
    Field(description="goes on record with the token's subject", examples=["the product is in the shop now"]),
]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1024, pattern=r"\S"), AfterValidator(clean)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2048), AfterValidator(web_address)]
RowId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class Body(Value):
    """A request body: unknown fields are refused."""


class PageQuery(BaseModel):
    """Paging; a list's own filters are added by subclassing. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=200, description="items per page")] = 50
    cursor: Annotated[str | None, Field(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before")] = (
        None
    )

    @property
    def before(self) -> int | None:
        return int(self.cursor) if self.cursor is not None else None


def faults_in(value: Any, place: str, depth: int = 0) -> str | None:
    """What is wrong with free-form JSON (credentials, settings): texts as in `clean`, not too long, not too deep."""
    if depth > DEEPEST:
        return f"{place}: is nested too deeply"
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return f"{place}: is longer than {LONGEST_TEXT} characters"
        try:
            clean(value)
        except ValueError as e:
            return f"{place}: {e}"
        return None
    if isinstance(value, dict):
        pairs = [(f"{place}.{key}", inner) for key, inner in value.items()]
        pairs += [(f"{place} (a field's name)", key) for key in value]
    elif isinstance(value, list):
        pairs = [(f"{place}.{number}", inner) for number, inner in enumerate(value)]
    else:
        return None
    return next((fault for at, inner in pairs if (fault := faults_in(inner, at, depth + 1))), None)
