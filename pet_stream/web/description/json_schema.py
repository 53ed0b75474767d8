"""Writes JSON schemas (draft 2020-12), as OpenAPI 3.1 has them. Pure."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

BINARY: Schema = {"type": "string", "format": "binary"}
BOOLEAN: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
"""RFC 3339."""
EPOCH_S: Schema = {"type": "number", "description": "Seconds since 1970."}


def record(optional: str = "", /, **properties: Schema) -> Schema:
    """Returns the schema of an object. `optional` names the properties that may be missing; there
    may be others, which came later."""
    may_miss = optional.split()
    required = [name for name in properties if name not in may_miss]
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def rows(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def word(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


def nullable(schema: Schema) -> Schema:
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    either = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        either["enum"] = [*schema["enum"], None]
    return either


def up_to(maximum: float, *, above: float | None = None) -> Schema:
    """Returns the schema of a number from 0, or above `above`."""
    lowest = {"minimum": 0} if above is None else {"exclusiveMinimum": above}
    return {"type": "number", **lowest, "maximum": maximum}


def described(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def ref(name: str) -> Schema:
    """Returns a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}
