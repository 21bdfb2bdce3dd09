"""Every refusal as application/problem+json (RFC 9457): what is wrong, with which field, and what to do."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.auth import KeysUnavailable
from app.domain.errors import Permanent, Retryable
from app.domain.value import Value
from app.ledger.session import LedgerUnavailable
from app.ledger.stores import ShopTakenError
from app.sync.connect import SideRefusedError
from app.wire.vault import SealBrokenError

MEDIA_TYPE = "application/problem+json"
PROBLEM = {"$ref": "#/components/schemas/ProblemBody"}
"""How the API document names a refusal's body; app.api.describe puts it there once."""
TITLES = {
    400: "Bad request", 401: "Token missing or not valid", 403: "Scope missing", 404: "Not found",
    405: "Method not allowed", 408: "Body too slow",
    409: "Conflict", 413: "Body too large", 415: "Unsupported media type",
    422: "Something in the request is not valid", 500: "Error in the bridge", 502: "The other side failed",
    503: "Not available now",
}  # fmt: skip


class FieldError(Value):
    """One thing that is wrong: where, what, and what to do."""

    field: str
    message: str
    advice: str = ""


class ProblemBody(Value):
    """The body of every refusal."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    request_id: str = ""


class ApiError(Exception):
    """A refusal a route decided on."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        kind: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.kind = kind


def invalid(field: str, message: str, advice: str = "") -> ApiError:
    """422 about one field."""
    return ApiError(422, f"{field}: {message}", errors=[FieldError(field=field, message=message, advice=advice)])


def not_found(what: str, which: object) -> ApiError:
    return ApiError(404, f"there is no {what} {str(which)[:80]!r}")


def problem(
    request: Request,
    status: int,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    kind: str | None = None,
) -> Response:
    """The answer for a refusal; `kind` ends its type URN."""
    title = TITLES.get(status, "Refused")
    body = ProblemBody(
        type=f"urn:idealo-bridge:problem:{kind or title.lower().replace(' ', '-')}",
        title=title,
        status=status,
        detail=detail,
        errors=tuple(errors),
        request_id=str(request.scope.get("request_id", "")),
    )
    content = json.dumps(body.model_dump(mode="json"), ensure_ascii=False).encode()
    return Response(content, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def add_error_handlers(app: FastAPI) -> None:
    """Registers an answer for every error that may leave a route."""
    for error, handler in _HANDLERS.items():
        app.add_exception_handler(error, handler)


async def _api_error(request: Request, e: Exception) -> Response:
    assert isinstance(e, ApiError)  # noqa: S101 - registered for it
    return problem(request, e.status, str(e), errors=e.errors, headers=e.headers, kind=e.kind)


async def _http_error(request: Request, e: Exception) -> Response:
    assert isinstance(e, HTTPException)  # noqa: S101 - registered for it
    details = {
        404: f"nothing is served at {request.url.path[:200]}; see /docs for what is",
        405: f"{request.method} is not served at {request.url.path[:200]}; see /docs for what is",
        400: "the body is not JSON in UTF-8",
        413: "the body is larger than this address takes",
    }
    return problem(request, e.status_code, details.get(e.status_code, TITLES.get(e.status_code, "")), headers=e.headers)


async def _validation(request: Request, e: Exception) -> Response:
    assert isinstance(e, RequestValidationError)  # noqa: S101 - registered for it
    errors = field_errors(e.errors())
    detail = "; ".join(f"{error.field}: {error.message}" for error in errors[:5])
    return problem(request, 422, detail, errors=errors)


def field_errors(found: Sequence[Any], prefix: str = "") -> list[FieldError]:
    """pydantic's findings in our shape; what was entered is never repeated, it may be a secret."""
    return [_field_error(one, prefix) for one in found]


_ADVICE = {
    "missing": "add it",
    "extra_forbidden": "remove it; /docs and /admin/v1/store-kinds list the fields there are",
    "json_invalid": "send a JSON object with Content-Type: application/json",
    "model_attributes_type": "send a JSON object with Content-Type: application/json",
    "uuid_parsing": "enter the id as the list shows it",
}


def _field_error(found: Any, prefix: str) -> FieldError:
    place = [str(part) for part in found["loc"] if part not in {"query", "path"}]
    if found["type"] == "json_invalid":
        place = ["body"]
    elif len(place) > 1 and place[0] == "body":
        place = place[1:]
    message = str(found["msg"]).removeprefix("Value error, ")
    message = {"missing": "is missing", "extra_forbidden": "is not known here"}.get(found["type"], message)
    message = message[:1].lower() + message[1:]
    return FieldError(field=prefix + ".".join(place), message=message, advice=_ADVICE.get(found["type"], ""))


async def _unavailable(request: Request, e: Exception) -> Response:
    return problem(request, 503, f"{e}; try again", headers={"Retry-After": "5"}, kind="unavailable")


async def _sealed(request: Request, e: Exception) -> Response:
    return problem(request, 503, str(e), kind="sealed")


async def _side_refused(request: Request, e: Exception) -> Response:
    assert isinstance(e, SideRefusedError)  # noqa: S101 - registered for it
    errors = [
        FieldError(field=f"{side.side}.{f.name}", message=f.detail, advice=f.advice)
        for side in e.sides
        for f in side.findings
        if not f.ok
    ]
    refused = " and ".join(side.side for side in e.sides if not side.ok)
    return problem(
        request, 422, f"{refused} did not pass the check; nothing was kept", errors=errors, kind="check-failed"
    )


async def _taken(request: Request, e: Exception) -> Response:
    return problem(request, 409, str(e), kind="shop-taken")


async def _other_side(request: Request, e: Exception) -> Response:
    """A call to a store or to idealo that an operator asked for failed."""
    if isinstance(e, Permanent):
        error = FieldError(field=str(e.problem), message=str(e))
        return problem(request, 422, str(e), errors=[error], kind=f"permanent-{e.problem}")
    return problem(request, 502, f"{e}; try again later", kind="retryable")


async def bug(request: Request, _: Exception) -> Response:
    """Told without any text of the error; the log has it under the same request id."""
    detail = f"an error in the bridge; the log has it under request_id {request.scope.get('request_id', '')}"
    return problem(request, 500, detail, kind="bug")


_HANDLERS: dict[type[Exception], Any] = {
    ApiError: _api_error,
    HTTPException: _http_error,
    RequestValidationError: _validation,
    LedgerUnavailable: _unavailable,
    KeysUnavailable: _unavailable,
    SealBrokenError: _sealed,
    SideRefusedError: _side_refused,
    ShopTakenError: _taken,
    Retryable: _other_side,
    Permanent: _other_side,
    Exception: bug,
}
