"""Errors in the store's own words: top-level GraphQL errors and userErrors."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError

from sandbox.stores.port import SandboxRefusal


class Position(str):
    """A list index in an error's field path that the store writes as a number (recorded for tax lines)."""

    __slots__ = ()


class UserError(Exception):
    """One or more userErrors; the mutation changed nothing."""

    def __init__(self, field: Sequence[str] | None, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.field = list(field) if field is not None else None
        self.message = message
        self.code = code

    def shown(self) -> dict[str, Any]:
        """As it stands in `userErrors`."""
        return {"field": self.field, "message": self.message, "code": self.code}

    def refusal(self, field: str) -> SandboxRefusal:
        """The same for a merchant who tried it by hand."""
        return SandboxRefusal(field, self.message)


def top_level(message: str, code: str, **extensions: Any) -> GraphQLError:
    """An error beside `data`, on the field that is being resolved."""
    return GraphQLError(message, extensions={"code": code, **extensions})


def invalid_id(message: str = "invalid id") -> GraphQLError:
    """A gid of the wrong type or no gid at all (recorded: fulfillment-create-invalid-id)."""
    return top_level(message, "RESOURCE_NOT_FOUND")


def access_denied(what: str, required: str) -> GraphQLError:
    """A missing scope."""
    return top_level(
        f"Access denied for {what} field. Required access: {required}",
        "ACCESS_DENIED",
        documentation="https://shopify.dev/api/usage/access-scopes",
        requiredAccess=required,
    )


def protected(what: str) -> GraphQLError:
    """A field that needs approval for protected customer data."""
    return top_level(
        f"This app is not approved to access the {what}. "
        "See https://shopify.dev/docs/apps/launch/protected-customer-data for more details.",
        "ACCESS_DENIED",
        documentation="https://shopify.dev/docs/apps/launch/protected-customer-data",
    )


def numeric(gid: Any, kind: str, *, named: bool = False) -> int:
    """The number of a gid of this kind; GraphQLError `invalid id` for anything else."""
    text = str(gid)
    prefix = f"gid://shopify/{kind}/"
    tail = text.removeprefix(prefix).partition("?")[0]
    if not text.startswith(prefix) or not tail.isdecimal():
        raise invalid_id(f"Invalid id: {text}" if named else "invalid id")
    return int(tail)


def gid(kind: str, number: int | str) -> str:
    """`gid://shopify/Order/1`."""
    return f"gid://shopify/{kind}/{number}"


def without_code(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The plain `UserError` form of errors that carry a code."""
    return [{"field": error["field"], "message": error["message"]} for error in errors]
