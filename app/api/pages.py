"""The pages people open: /docs and /console/. Own files only, so that they work without the internet."""

from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.api.errors import not_found

FOLDER = Path(__file__).parent / "console"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}
FILES = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in TYPES}

router = APIRouter(include_in_schema=False)


@router.get("/")
@router.get("/console")
async def to_console(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}/console/", status_code=307)


@router.get("/console/")
async def console() -> Response:
    return _file("index.html")


@router.get("/docs")
async def docs() -> Response:
    return _file("docs.html")


@router.get("/console/{name}")
async def file(name: str) -> Response:
    return _file(name)


def _file(name: str) -> Response:
    if name not in FILES:
        raise not_found("page", name)
    return Response(FILES[name], media_type=TYPES[Path(name).suffix], headers=HEADERS)
