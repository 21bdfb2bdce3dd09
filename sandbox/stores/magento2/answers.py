"""What the fake's handlers receive and give back: request, answer and the error every part of the API may raise."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.stores.magento2.php import whole


class ApiError(Exception):
    """A webapi exception: `{"message", "parameters"?}`; `parameters` fill %1 (list) or %name (dict)."""

    def __init__(
        self,
        status: int,
        message: str,
        parameters: list[Any] | dict[str, Any] | None = None,
        *,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters
        self.code = code

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer. `code` is only given by the bridge's own module."""
        body: dict[str, Any] = {"message": self.message}
        if self.parameters is not None:
            body["parameters"] = self.parameters
        if self.code is not None:
            body["code"] = self.code
        return body

    @classmethod
    def no_entity(cls) -> "ApiError":
        """404 of a repository (recorded 081, 083)."""
        return cls(404, "The entity that was requested doesn't exist. Verify the entity and try again.")

    @classmethod
    def no_route(cls) -> "ApiError":
        """404 (recorded 082)."""
        return cls(404, "Request does not match any route.")

    @classmethod
    def unauthorized(cls, resource: str) -> "ApiError":
        """401 for a missing or unknown token and for a missing right alike (recorded 001, 085)."""
        return cls(401, "The consumer isn't authorized to access %resources.", {"resources": resource})

    @classmethod
    def required(cls, name: str) -> "ApiError":
        """400 for a parameter the service's signature demands."""
        return cls(400, '"%fieldName" is required. Enter and try again.', {"fieldName": name})

    @classmethod
    def invalid(cls, kind: str, messages: list[str]) -> "ApiError":
        """400 with the findings of a document's validators, one per line (recorded 039)."""
        return cls(400, "\n".join([f"{kind} Document Validation Error(s):", *messages]))


@dataclass(slots=True)
class Answer:
    """An answer before it is written."""

    body: Any
    status: int = 200


@dataclass(slots=True)
class Call:
    """One API request after routing. `base`: the shop's address with a slash at its end, as the caller wrote it;
    `store`: the store view code of the path; `query`: parameters in order, names as written.
    """

    method: str
    base: str
    store: str
    query: list[tuple[str, str]]
    body: dict[str, Any] | list[Any] = field(default_factory=dict)

    def part(self, name: str) -> dict[str, Any]:
        """A named object of the body; 400 when it is missing."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if not isinstance(value, dict):
            raise ApiError.required(name)
        return value

    def maybe(self, name: str) -> Any:
        """A named value of the body or None."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    def parameter(self, name: str, default: str = "") -> str:
        """A query parameter."""
        return next((value for key, value in self.query if key == name), default)

    def store_id(self) -> int:
        """The store view this call is made for; there is one, and `all` is number 0."""
        return 0 if self.store == "all" else 1


def number_in(text: str) -> int:
    """An id in a path; what is no number finds nothing."""
    return whole(text)
