"""JSON Schema reduced to Google's subset, and back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from google.genai import types

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.wire.gemini.schema import MAX_NODES, from_openapi, to_openapi


def _reduced(schema: dict[str, Any]) -> dict[str, Any]:
    result = to_openapi(schema, "p")
    types.Schema.model_validate(result)  # forbids what the subset does not have
    return result


def _field(schema: dict[str, Any], **root: Any) -> dict[str, Any]:
    """The reduction of `schema` as a property of an object."""
    whole = _reduced({"type": "object", "properties": {"x": schema}, **root})
    result: dict[str, Any] = whole["properties"]["x"]
    return result


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, {"type": "STRING"}),
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}),
        ({"type": "string", "enum": ["a", "b", None]}, {"type": "STRING", "enum": ["a", "b"], "nullable": True}),
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}),
        ({"const": 3}, {"type": "INTEGER", "description": "(one of: 3)"}),
        ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER", "description": "(one of: 1, 2)"}),
        ({"type": "string", "enum": ["", "a"]}, {"type": "STRING", "enum": ["a"], "description": "(one of: , a)"}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "STRING", "nullable": True}),
        (
            {"oneOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}], "description": "d"},
            {
                "anyOf": [
                    {"type": "STRING", "nullable": True, "description": "d"},
                    {"type": "NUMBER", "nullable": True, "description": "d"},
                ]
            },
        ),
        ({"type": "string", "format": "date-time"}, {"type": "STRING", "format": "date-time"}),
        ({"type": "string", "format": "uri", "description": "d"}, {"type": "STRING", "description": "d (format: uri)"}),
        ({"type": "string", "minLength": 1, "pattern": "^a"}, {"type": "STRING", "minLength": 1, "pattern": "^a"}),
        (
            {"type": "number", "exclusiveMinimum": 0, "multipleOf": 5, "maximum": 10},
            {"type": "NUMBER", "maximum": 10, "description": "(greater than 0; multiple of 5)"},
        ),
        ({"type": "integer", "default": 3}, {"type": "INTEGER", "description": "(default: 3)"}),
        ({"type": "array"}, {"type": "ARRAY", "items": {"type": "STRING"}}),
        ({"items": {"type": "integer"}}, {"type": "ARRAY", "items": {"type": "INTEGER"}}),
        (
            {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]},
            {
                "type": "ARRAY",
                "items": {"type": "NUMBER"},
                "minItems": 2,
                "maxItems": 2,
                "description": "(items in order: number, number)",
            },
        ),
        ({"type": "object", "additionalProperties": False}, {"type": "OBJECT"}),
        (
            {"type": "object", "additionalProperties": {"type": "integer"}},
            {"type": "OBJECT", "description": "(any keys, each value: integer)"},
        ),
        (
            {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}, {"properties": {"b": True}, "required": ["b", "c"]}]},
            {
                "type": "OBJECT",
                "properties": {"a": {"type": "STRING"}, "b": {"type": "STRING", "description": "any value"}},
                "required": ["a", "b"],
            },
        ),
        (
            {"type": "object", "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            {
                "type": "OBJECT",
                "properties": {"a": {"type": "STRING"}},
                "description": '(one of these holds: {"required":["a"]}; {"required":["b"]})',
            },
        ),
        ({}, {"type": "STRING", "description": "(any value)"}),
        ({"type": "string", "title": "T", "examples": ["e"]}, {"type": "STRING"}),
        ({"$ref": "https://elsewhere/x"}, {"type": "OBJECT", "description": "(see x)"}),
    ],
)  # fmt: skip
def test_reductions(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert _field(schema) == expected


def test_references_are_put_in_place() -> None:
    definitions = {
        "Unit": {"type": "string", "enum": ["c", "f"]},
        "Pair": {"$ref": "#/$defs/Unit", "description": "own"},
    }
    assert _field({"$ref": "#/$defs/Unit"}, **{"$defs": definitions}) == {"type": "STRING", "enum": ["c", "f"]}
    assert _field({"$ref": "#/$defs/Pair"}, **{"$defs": definitions})["description"] == "own"
    assert _field({"$ref": "#/definitions/Unit"}, definitions=definitions)["enum"] == ["c", "f"]
    # Definitions kept where they are used are found by name.
    nested = {"type": "array", "items": {"$ref": "#/$defs/Unit"}, "$defs": definitions}
    assert _field(nested)["items"] == {"type": "STRING", "enum": ["c", "f"]}


def test_circular_references_end() -> None:
    tree = {
        "$defs": {
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "v": {"type": "string"}}}
        },
        "$ref": "#/$defs/Node",
    }
    assert _reduced(tree) == {
        "type": "OBJECT",
        "properties": {
            "next": {"type": "OBJECT", "description": "(same structure as Node)"},
            "v": {"type": "STRING"},
        },
    }
    assert _reduced({"$ref": "#"})["type"] == "OBJECT"
    assert _reduced({"allOf": [{"$ref": "#"}]})["type"] == "OBJECT"


def test_at_the_root_the_best_branch_is_taken() -> None:
    schema = {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}
    assert _reduced(schema) == {
        "type": "OBJECT",
        "properties": {"a": {"type": "STRING"}},
        "description": "(may also be: string)",
    }


def _wide(levels: int) -> dict[str, Any]:
    """References that double on every level: small here, 2**levels when put in place."""
    definitions: dict[str, Any] = {"L0": {"type": "string"}}
    for n in range(levels):
        pair = {"$ref": f"#/$defs/L{n}"}
        definitions[f"L{n + 1}"] = {"type": "object", "properties": {"a": pair, "b": pair}}
    return {"$ref": f"#/$defs/L{levels}", "$defs": definitions}


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        _wide(40),
        _deep(200),
        {"properties": {str(n): {} for n in range(MAX_NODES + 1)}},
        {"allOf": [{"description": f"{n} " + "x" * 1000} for n in range(5000)]},
        {"allOf": [{"$ref": "#/$defs/A"}] * 5000, "$defs": {"A": {"properties": {str(n): {} for n in range(5000)}}}},
        {
            "properties": {str(n): {"$ref": "#/$defs/A"} for n in range(5000)},
            "$defs": {"A": {"type": "string", "description": "x" * 100_000}},
        },
        {
            "properties": {str(n): {"$ref": "#/$defs/A"} for n in range(5000)},
            "$defs": {"A": {"default": ["x" * 1000] * 100}},
        },
    ],
)
def test_bombs_are_refused_in_bounded_time(schema: dict[str, Any]) -> None:
    began = time.process_time()
    with pytest.raises(GatewayError) as caught:
        to_openapi(schema, "tools.f.parameters")
    assert caught.value.kind is ErrorKind.BAD_REQUEST
    assert caught.value.details["param"] == "tools.f.parameters"
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 3},
        {"type": []},
        {"properties": []},
        {"properties": {"a": 3}},
        {"required": 3},
        {"required": [3]},
        {"anyOf": 3},
        {"anyOf": [3]},
        {"allOf": 3},
        {"enum": 3},
        {"enum": []},
        {"items": 3},
        {"items": []},
        {"$ref": 3},
        {"$ref": "#/a/b/0"},
        {"description": 3},
        {"minimum": "x"},
        {"format": []},
        {"type": "null"},
        {"not": {}},
    ],
)
def test_nonsense_is_reduced_to_something(schema: dict[str, Any]) -> None:
    _field(schema)
    _reduced(schema)


def test_googles_subset_as_json_schema() -> None:
    openapi = {
        "type": "OBJECT",
        "properties": {
            "a": {"type": "STRING", "nullable": True, "enum": ["x"], "format": "enum"},
            "b": {"type": "ARRAY", "items": {"type": "INTEGER"}, "minItems": "1", "max_items": 3},
            "any_of": {"any_of": [{"type": "STRING"}, {"type": "NUMBER"}], "nullable": True},
            "c": {"ref": "#/defs/C"},
            "d": {"type": "TYPE_UNSPECIFIED", "example": 5, "default": {"min_x": "1"}},
        },
        "propertyOrdering": ["b", "a"],
        "required": ["a"],
        "defs": {"C": {"type": "BOOLEAN"}},
    }
    assert from_openapi(openapi, "p") == {
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"], "enum": ["x", None]},
            "b": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
            "any_of": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "null"}]},
            "c": {"$ref": "#/$defs/C"},
            "d": {"examples": [5], "default": {"min_x": "1"}},
        },
        "required": ["a"],
        "$defs": {"C": {"type": "boolean"}},
    }
    with pytest.raises(GatewayError):
        from_openapi(_deep(200), "p")


def test_there_and_back_says_the_same() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "where"},
            "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 14},
            "units": {"type": "string", "enum": ["c", "f"]},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        },
        "required": ["city"],
    }
    assert from_openapi(to_openapi(schema, "p"), "p") == schema
