"""The API document: what /docs and /openapi.json say beyond the routes themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.api.auth import SCOPES
from app.api.errors import MEDIA_TYPE, PROBLEM, ProblemBody
from app.api.examples import EXAMPLES
from app.api.routing import LOWEST_RIGHTS
from app.ports import StoreAdapter
from app.registry import ADAPTERS

TAGS = [
    {"name": "webhooks", "description": "For stores. Signed per kind, kept in Postgres before the answer."},
    {"name": "stores", "description": "Connect, change, check and pause merchants' shops."},
    {"name": "orders", "description": "Both copies of every order, their state and their timeline."},
    {"name": "events", "description": "Facts about orders; dead ones need a person: preview, replay or dismiss."},
    {"name": "buyers", "description": "The only personal data: show it to whom it is about, erase it for good."},
    {"name": "counts", "description": "Counts, throughput, the ledger as a stream, and where its chains end."},
    {"name": "health", "description": "For orchestrators and Prometheus."},
]
_ANSWERS = {
    "200": "A check the store sends by itself; nothing is kept",
    "202": "The signature is right and the delivery is committed in Postgres, also when nothing follows from its body",
    "400": "The sender hung up before the body was complete",
    "401": "The signature is missing or wrong; nothing is kept",
    "404": "No live store of this kind has this address",
    "408": "The body did not arrive in time",
    "413": "The body is over the limit; it was not read to its end",
    "415": "Not a media type this kind of store sends",
    "503": "It could not be kept, or the store's turn did not come; send it again after `Retry-After`",
}


def description() -> str:
    """The text at the top of the document."""
    scopes = "\n".join(f"- `{scope}`: {LOWEST_RIGHTS[scope]}" for scope in SCOPES)
    return (
        "Carries orders between idealo's marketplace checkout and merchants' shops.\n\n"
        "Operators send `Authorization: Bearer …`; make a token with `bridge token --scope read,operate,configure`. "
        f"Scopes:\n\n{scopes}\n\n"
        "Every refusal is `application/problem+json` with `detail` and, per field, `errors`. Lists answer "
        '`{"items": […], "next_cursor": …}`; hand the cursor back as `cursor`. Times are UTC, money is a decimal text.'
    )


def openapi(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=TAGS
        )
        parts = document.setdefault("components", {})
        parts["securitySchemes"] = {
            "bearer": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A JWT with exp, aud, iss, sub and the claim `scope`.",
            }
        }
        parts.setdefault("schemas", {})["ProblemBody"] = _with_problem_example()
        for name in ("HTTPValidationError", "ValidationError"):
            parts["schemas"].pop(name, None)
        _add_examples(document)
        for kind, adapter in ADAPTERS.items():
            document["paths"][f"/webhooks/{kind}/{{store_id}}"] = {"post": _door(kind, adapter)}
        app.openapi_schema = document
    return app.openapi_schema


def _with_problem_example() -> dict[str, Any]:
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    fields = schema.pop("$defs")["FieldError"]
    schema["properties"]["errors"]["items"] = fields
    schema["example"] = {
        "type": "urn:idealo-bridge:problem:something-in-the-request-is-not-valid",
        "title": "Something in the request is not valid",
        "status": 422,
        "detail": "credentials.consumer_key: is missing",
        "errors": [{"field": "credentials.consumer_key", "message": "is missing", "advice": "add it"}],
        "request_id": "5f0c2a9be1d34c77",
    }
    return schema


def _add_examples(document: dict[str, Any]) -> None:
    for (method, path), example in EXAMPLES.items():
        answers = document["paths"][path][method]["responses"]
        good = next(answer for status, answer in answers.items() if status.startswith("2"))
        good["content"]["application/json"]["example"] = example


def _door(kind: str, adapter: type[StoreAdapter]) -> dict[str, Any]:
    kept = {"status": "accepted", "delivery_id": 4711}
    problem = {MEDIA_TYPE: {"schema": PROBLEM}}
    answers: dict[str, Any] = {code: {"description": text, "content": problem} for code, text in _ANSWERS.items()}
    answers["200"]["content"] = {"application/json": {"example": {"status": "ping"}}}
    answers["202"]["content"] = {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["status", "delivery_id"],
                "properties": {
                    "status": {"enum": ["accepted", "duplicate"]},
                    "delivery_id": {"type": "integer", "description": "the row that keeps it"},
                },
            },
            "examples": {
                "accepted": {"value": kept},
                "duplicate": {"summary": "known already", "value": {**kept, "status": "duplicate"}},
            },
        }
    }
    place = {"name": "store_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    headers = [
        {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
        for name, text in adapter.webhook_headers.items()
    ]
    limits = "".join(f"\n- {limit}" for limit in adapter.capabilities.limits)
    return {
        "tags": ["webhooks"],
        "operationId": f"webhook_{kind}",
        "summary": f"A {kind} store tells that something happened",
        "description": (
            "A webhook is a hint: it names an order, which is then read from the store. The signature is computed over "
            "the exact bytes of the body; two secrets may be valid at once. A right signature on a body that cannot be "
            f"used is 202 as well.\n\nGood to know about {kind}:{limits or ' nothing special.'}"
        ),
        "parameters": [place, *headers],
        "requestBody": {"required": True, "content": {t: _body(t) for t in sorted(adapter.content_types)}},
        "responses": answers,
    }


def _body(media_type: str) -> dict[str, Any]:
    if media_type.endswith("json"):
        return {"schema": {"type": "object"}, "example": {"id": 727, "status": "processing", "number": "727"}}
    return {"schema": {"type": "string"}, "example": "webhook_id=1"}
