"""What the fake's handlers receive and give back: request, answer and the error every part of the API may raise."""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox.stores.woocommerce.php import truthy, whole


class ApiError(Exception):
    """A WP_Error: `{"code", "message", "data": {"status", ...}}`."""

    def __init__(self, status: int, code: str, message: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.data = data or {}

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        return {"code": self.code, "message": self.message, "data": {"status": self.status, **self.data}}

    @classmethod
    def invalid_param(cls, name: str, message: str, code: str) -> "ApiError":
        """400 `rest_invalid_param`; the message per parameter stands in `data` (recorded rest/044)."""
        detail = {"code": code, "message": message, "data": None}
        return cls(
            400,
            "rest_invalid_param",
            f"Invalid parameter(s): {name}",
            {"params": {name: message}, "details": {name: detail}},
        )

    @classmethod
    def missing_param(cls, *names: str) -> "ApiError":
        """400 `rest_missing_callback_param`."""
        return cls(
            400, "rest_missing_callback_param", f"Missing parameter(s): {', '.join(names)}", {"params": list(names)}
        )

    @classmethod
    def no_route(cls) -> "ApiError":
        """404 `rest_no_route`."""
        return cls(404, "rest_no_route", "No route was found matching the URL and request method.")

    @classmethod
    def not_found(cls, thing: str, status: int = 404) -> "ApiError":
        """`woocommerce_rest_<thing>_invalid_id`; reading answers 404, updating 400."""
        return cls(status, f"woocommerce_rest_{thing}_invalid_id", "Invalid ID.")


@dataclass(slots=True)
class Answer:
    """An answer before it is written: JSON body, status, and headers beyond the ones every answer has."""

    body: Any
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Call:
    """One API request after routing: `base` is the site's address as the caller wrote it, `query` PHP's `$_GET`."""

    method: str
    path: str
    base: str
    query: dict[str, list[str]]
    body: dict[str, Any]
    awaits_pings: bool = False

    def text(self, name: str, default: str = "") -> str:
        """A query parameter (or, as PHP does, one of the body)."""
        values = self.query.get(name)
        if values:
            return values[-1]
        value = self.body.get(name)
        return default if value is None or isinstance(value, (dict, list)) else str(value)

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return truthy(self.text(name))

    def values(self, name: str) -> list[str]:
        """A list given as `a,b` or as `name[]=a&name[]=b`."""
        raw = [*self.query.get(name, []), *self.query.get(f"{name}[]", [])]
        return [part.strip() for text in raw for part in text.split(",") if part.strip()]

    def integer(self, name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
        """A number within limits; ApiError names the parameter."""
        text = self.text(name, str(default))
        if not re.fullmatch(r"-?\d+", text):
            raise ApiError.invalid_param(name, f"{name} is not of type integer.", "rest_invalid_type")
        value = int(text)
        if most is not None and not least <= value <= most:
            message = f"{name} must be between {least} (inclusive) and {most} (inclusive)"
            raise ApiError.invalid_param(name, message, "rest_out_of_bounds")
        if value < least:
            raise ApiError.invalid_param(name, f"{name} must be greater than or equal to {least}", "rest_out_of_bounds")
        return value

    def choice(self, name: str, allowed: list[str], default: str) -> str:
        """One of a closed list; ApiError lists them as WordPress does."""
        value = self.text(name, default)
        if value not in allowed:
            raise not_in_list(name, allowed)
        return value

    def numbers(self, name: str) -> list[int]:
        """A list of ids."""
        return [whole(text) for text in self.values(name)]

    @property
    def places(self) -> int | None:
        """The `dp` parameter: decimals of money in the answer."""
        return whole(self.text("dp")) if self.text("dp") else None


def not_in_list(name: str, allowed: list[str]) -> ApiError:
    """400 for a value outside an enumeration, worded as WordPress does."""
    listed = allowed[0] if len(allowed) == 1 else f"{', '.join(allowed[:-1])}, and {allowed[-1]}"
    return ApiError.invalid_param(name, f"{name} is not one of {listed}.", "rest_not_in_enum")


def parse_body(raw: bytes, content_type: str) -> dict[str, Any]:
    """JSON object of a request; 400 `rest_invalid_json` for broken JSON, anything but an object counts as empty."""
    if not raw or "json" not in content_type.lower():
        return {}
    try:
        value = json.loads(raw)
    except ValueError as failure:
        raise ApiError(
            400,
            "rest_invalid_json",
            "Invalid JSON body passed.",
            {"json_error_code": 4, "json_error_message": "Syntax error"},
        ) from failure
    return value if isinstance(value, dict) else {}


def page_of(call: Call, things: list[Any]) -> tuple[list[Any], list[tuple[str, str]]]:
    """One page of a list with `X-WP-Total`, `X-WP-TotalPages` and, with more pages, `Link`."""
    per_page = call.integer("per_page", 10, most=100)
    page = call.integer("page", 1)
    start = call.integer("offset", 0, least=0) if call.text("offset") else (page - 1) * per_page
    pages = -(-len(things) // per_page)
    headers = [("X-WP-Total", str(len(things))), ("X-WP-TotalPages", str(pages))]
    links = [
        f'<{_page_url(call, number)}>; rel="{word}"'
        for word, number, exists in (("prev", min(page - 1, pages), page > 1), ("next", page + 1, page < pages))
        if exists
    ]
    if links:
        headers.append(("Link", ", ".join(links)))
    return things[start : start + per_page], headers


def _page_url(call: Call, page: int) -> str:

    pairs = [(name, value) for name, values in call.query.items() if name != "page" for value in values]
    return f"{call.base}/wp-json{call.path}?{urlencode([*pairs, ('page', str(page))])}"
