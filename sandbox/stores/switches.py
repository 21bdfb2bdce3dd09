"""The switches of a fake store, and the board on its own address that shows and turns them."""

import json
from typing import Any, Final, Protocol, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.stores.port import SandboxRefusal

WRITING: Final = frozenset({"POST", "PUT", "PATCH"})


class Switches(BaseModel):
    """All switches of one kind of store; what they mean stands beside each."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    def changed(self, values: dict[str, Any]) -> Self:
        """A copy with these values; SandboxRefusal (422) names the first one that does not fit."""
        try:
            return self.model_validate({**self.model_dump(), **values})
        except ValidationError as failure:
            first = failure.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            raise SandboxRefusal(name, f"{first['msg']} (option {name})", status=422) from failure


class Switched(Protocol):
    """A shop that has switches."""

    @property
    def options(self) -> Switches: ...

    def turn(self, values: dict[str, Any]) -> None:
        """Change some switches; SandboxRefusal (422) names one that does not fit."""
        ...


def board(shop: Switched, method: str, raw: bytes) -> tuple[int, dict[str, Any]]:
    """`/_options`, which no real store has: all switches, after changing those in a written JSON object."""
    try:
        if method in WRITING:
            shop.turn(_object(raw))
    except SandboxRefusal as refusal:
        return refusal.status, {"error": "invalid", "field": refusal.field, "message": refusal.message}
    return 200, shop.options.model_dump(mode="json")


def _object(raw: bytes) -> dict[str, Any]:
    try:
        values = json.loads(raw or b"{}")
    except ValueError as failure:
        raise SandboxRefusal("", "must be JSON", status=422) from failure
    if not isinstance(values, dict):
        raise SandboxRefusal("", "must be a JSON object", status=422)
    return values
