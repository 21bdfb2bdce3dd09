"""Documents and variables the schema refuses, in the store's words (captures of the b_2025-01 family)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    InlineFragmentNode,
    NamedTypeNode,
    Node,
    OperationDefinitionNode,
)
from graphql.utilities import type_from_ast

_UNKNOWN_FIELD: Final = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
_MISSING_ARGUMENT: Final = re.compile(r"(?:Field|Directive) '@?(\w+)' argument '(\w+)' of type '[^']+' is required")
_UNKNOWN_ARGUMENT: Final = re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'")
_UNKNOWN_INPUT: Final = re.compile(r"Field '(\w+)' is not defined by type '(\w+)'")
_UNKNOWN_VALUE: Final = re.compile(r"Value '(\w+)' does not exist in '(\w+)' enum")
_MISSING_INPUT: Final = re.compile(r"Field '(\w+)\.(\w+)' of required type '([^']+)' was not provided")
_NOT_DEFINED: Final = re.compile(r"Field '(\w+)' is not defined by type '(\w+)'")


def shown_validation(error: GraphQLError, document: DocumentNode) -> dict[str, Any]:
    """One problem of a document."""
    message, extensions = _worded(error.message)
    shown: dict[str, Any] = {
        "message": message,
        "locations": [{"line": one.line, "column": one.column} for one in (error.locations or [])[:1]],
    }
    path = _path(document, error.nodes[0]) if error.nodes else []
    if path:
        shown["path"] = path
    shown["extensions"] = extensions
    return shown


def _worded(message: str) -> tuple[str, dict[str, Any]]:
    if found := _UNKNOWN_FIELD.search(message):
        field, kind = found.groups()
        extensions = {"code": "undefinedField", "typeName": kind, "fieldName": field}
        return f"Field '{field}' doesn't exist on type '{kind}'", extensions
    if found := _MISSING_ARGUMENT.search(message):
        field, argument = found.groups()
        code = {"code": "missingRequiredArguments", "className": "Field", "name": field, "arguments": argument}
        return f"Field '{field}' is missing required arguments: {argument}", code
    if found := _UNKNOWN_ARGUMENT.search(message):
        argument, _, field = found.groups()
        code = {"code": "argumentNotAccepted", "name": field, "typeName": "Field", "argumentName": argument}
        return f"Field '{field}' doesn't accept argument '{argument}'", code
    if found := _UNKNOWN_INPUT.search(message):
        name, kind = found.groups()
        code = {"code": "argumentNotAccepted", "name": kind, "typeName": "InputObject", "argumentName": name}
        return f"InputObject '{kind}' doesn't accept argument '{name}'", code
    if found := _UNKNOWN_VALUE.search(message):
        value, kind = found.groups()
        return f"'{value}' is no value of '{kind}'", {"code": "argumentLiteralsIncompatible", "typeName": kind}
    return message, {"code": "invalidDocument"}


def shown_variables(
    errors: list[GraphQLError], operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """One error per variable that does not fit, with all its problems."""
    by_name: dict[str, list[GraphQLError]] = {}
    for error in errors:
        found = re.search(r"Variable '\$(\w+)'", error.message)
        by_name.setdefault(found.group(1) if found else "", []).append(error)
    return [_shown_variable(name, problems, operation, given) for name, problems in by_name.items()]


def _shown_variable(
    name: str, errors: list[GraphQLError], operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> dict[str, Any]:
    node = next(one for one in operation.variable_definitions if one.variable.name.value == name)
    problems = [_problem(error) for error in errors]
    told = [f"{'.'.join(str(part) for part in one['path'])} ({one['explanation']})" for one in problems if one["path"]]
    kind = _type_text(node.type)
    message = f"Variable ${name} of type {kind} was provided invalid value"
    if told:
        message += f" for {', '.join(told)}"
    line, column = (node.loc.start_token.line, node.loc.start_token.column) if node.loc else (1, 1)
    return {
        "message": message,
        "locations": [{"line": line, "column": column}],
        "extensions": {"code": "INVALID_VARIABLE", "value": given.get(name), "problems": problems},
    }


def _problem(error: GraphQLError) -> dict[str, Any]:
    message = error.message
    at = re.search(r"at '\w+((?:\.\w+|\[\d+\])*)'", message)
    path: list[Any] = [
        int(part) if part.isdecimal() else part for part in (re.findall(r"\w+", at.group(1)) if at else [])
    ]
    if found := _NOT_DEFINED.search(message):
        name, kind = found.groups()
        return {"path": [*path, name], "explanation": f"Field is not defined on {kind}"}
    if found := _MISSING_INPUT.search(message):
        name = found.group(2)
        return {"path": [*path, name], "explanation": "Expected value to not be null"}
    if found := _UNKNOWN_VALUE.search(message):
        value, kind = found.groups()
        return {"path": path, "explanation": f'Expected "{value}" to be one of: {_values(kind)}'}
    if "was not provided" in message or "must not be null" in message or "not to be None" in message:
        return {"path": path, "explanation": "Expected value to not be null"}
    return {"path": path, "explanation": message.partition("; ")[2] or message}


def _values(kind: str) -> str:
    from sandbox.stores.shopify.execution import schema  # noqa: PLC0415 - that module reads this one

    return ", ".join(getattr(schema().type_map.get(kind), "values", {}))


def _type_text(node: Any) -> str:
    from sandbox.stores.shopify.execution import schema  # noqa: PLC0415 - as above

    return str(type_from_ast(schema(), node))


def _path(document: DocumentNode, wanted: Node) -> list[str]:
    """Names from the operation down to a node, as the store writes them."""
    for definition in document.definitions:
        trail = _trail(definition, wanted)
        if trail is not None:
            return [name for node in (definition, *trail) for name in _name(node)]
    return []


def _trail(node: Node, wanted: Node) -> list[Node] | None:
    if node is wanted:
        return []
    for child in _children(node):
        trail = _trail(child, wanted)
        if trail is not None:
            return [child, *trail]
    return None


def _children(node: Node) -> Iterator[Node]:
    for key in node.keys:
        value = getattr(node, key, None)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, list | tuple):
            yield from (one for one in value if isinstance(one, Node))


def _name(node: Node) -> Iterator[str]:
    match node:
        case OperationDefinitionNode():
            kind = node.operation.value
            yield f"{kind} {node.name.value}" if node.name is not None else kind
        case FragmentDefinitionNode():
            yield f"fragment {node.name.value}"
        case FieldNode():
            yield node.alias.value if node.alias is not None else node.name.value
        case InlineFragmentNode():
            condition: NamedTypeNode | None = node.type_condition
            yield "..." if condition is None else f"... on {condition.name.value}"
        case _ if type(node).__name__ in {"ArgumentNode", "ObjectFieldNode"}:
            yield str(getattr(node, "name").value)  # noqa: B009 - two classes that share no parent with a name
