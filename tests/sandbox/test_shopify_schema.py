"""Our schema is a true part of the real one: whatever the real store refuses is refused here."""

from functools import cache
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
    is_union_type,
    parse,
    validate,
    validate_schema,
)

from sandbox.stores.shopify.cost import Meter
from sandbox.stores.shopify.execution import schema
from tests.sandbox.shopify_lab import RECORDINGS, recorded_calls, recordings_are_there

REAL_FILE = RECORDINGS / "admin-schema-2026-07.graphql"


@cache
def _real() -> GraphQLSchema:
    return build_schema(REAL_FILE.read_text("utf-8"), assume_valid=True)


def test_our_schema_is_valid() -> None:
    assert validate_schema(schema()) == []


def test_every_type_field_argument_and_input_of_ours_is_the_real_ones() -> None:
    if not recordings_are_there():
        return
    problems: list[str] = []
    ours = {name: kind for name, kind in schema().type_map.items() if not name.startswith("__")}
    for name, kind in ours.items():
        real = _real().type_map.get(name)
        if real is None or type(real) is not type(kind):
            problems.append(f"{name} is no such type")
        else:
            problems += [f"{name}: {one}" for one in _differences(kind, real)]
    assert problems == []
    assert len(ours) > 150


def _differences(ours: Any, real: Any) -> list[str]:
    if is_enum_type(ours):
        return sorted(set(ours.values) - set(real.values))
    if is_union_type(ours):
        return sorted({one.name for one in ours.types} - {one.name for one in real.types})
    if is_input_object_type(ours):
        return _input_differences(ours, real)
    if is_object_type(ours) or is_interface_type(ours):
        return _output_differences(ours, real)
    return []


def _input_differences(ours: GraphQLInputObjectType, real: GraphQLInputObjectType) -> list[str]:
    found = []
    for name, entry in ours.fields.items():
        other = real.fields.get(name)
        if other is None or str(other.type) != str(entry.type) or other.default_value != entry.default_value:
            found.append(f"input field {name}")
    return found + [
        f"needs {name}"
        for name, entry in real.fields.items()
        if is_required_input_field(entry) and name not in ours.fields
    ]


def _output_differences(ours: GraphQLObjectType, real: GraphQLObjectType) -> list[str]:
    found = [f"no {one.name}" for one in ours.interfaces if one.name not in {other.name for other in real.interfaces}]
    for name, entry in ours.fields.items():
        other = real.fields.get(name)
        if other is None or str(other.type) != str(entry.type):
            found.append(f"field {name}")
            continue
        for word, argument in entry.args.items():
            known = other.args.get(word)
            if known is None or str(known.type) != str(argument.type) or known.default_value != argument.default_value:
                found.append(f"argument {name}({word})")
        found += [
            f"{name} needs {w}" for w, one in other.args.items() if is_required_argument(one) and w not in entry.args
        ]
    return found


def test_the_cost_of_recorded_documents_is_what_the_real_store_charged() -> None:
    if not recordings_are_there():
        return
    right, wrong = 0, []
    for path in sorted((RECORDINGS / "captures").glob("*.json")):
        for where, text, variables, answer in recorded_calls(_json(path)):
            cost = (answer.get("extensions") or {}).get("cost")
            document = parse(text)
            if cost is None or validate(_real(), document):
                continue
            operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
            asked = Meter(_real(), document, operation, variables).requested()
            if abs(asked - cost["requestedQueryCost"]) <= max(2, cost["requestedQueryCost"] // 20):
                right += 1
            else:
                wrong.append(f"{path.stem}{where}: charged {cost['requestedQueryCost']}, estimated {asked}")
    print(f"{right} right, {len(wrong)} wrong")
    print("\n".join(wrong[:10]))
    assert right > 300
    assert len(wrong) < right / 10


def _json(path: Any) -> Any:
    import json  # noqa: PLC0415 - for this one line

    return json.loads(path.read_text("utf-8"))
