"""Writes the OpenAPI document (version 3.1) of the routes that an app serves."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from ...rights import Right
from ..accounts_authority import PAGES
from ..links import LINKABLE
from ..route import Route
from ..urls import LINK
from .errors import Codes, codes_of, error_schema, every_code
from .json_schema import ref
from .operation import JSON, Answer, Operation, Parameter
from .operations import ROOMS, all_operations, all_schemas, name_of, purpose_of

VERSION = "1.0"
"""Of what is described, not of the program, which strangers are not told. What is new leaves it as
it is."""

TEXT = (
    "Live view and recording of a camera. New fields and codes may come; these stay. An app that "
    "pet_stream is mounted in may refuse any request with an answer of its own. Every GET can be "
    "asked as HEAD, and every path answers OPTIONS."
)

HEADERS = {
    "Accept-Patch": "What a PATCH may send.",
    "Accept-Post": "What a POST may send.",
    "Accept-Ranges": "`bytes`: parts of it can be asked for.",
    "Allow": "The methods that there are.",
    "Cache-Control": "Whether and how long it may be kept.",
    "Capture-Time": "When the camera took it (RFC 3339).",
    "Content-Disposition": "Under which name it is to be saved.",
    "Content-Range": "Which part of it this is.",
    "ETag": "Which version of it this is.",
    "Last-Modified": "When it was changed.",
    "Link": "The ICE servers, one each (RFC 9725, section 4.6).",
    "Location": "Where it is.",
    "Restorable-Until": "Until when deleting it can be undone (RFC 3339).",
    "Retry-After": "After this many seconds it may succeed.",
    "Set-Cookie": "The cookie of this browser.",
    "Upgrade": "`websocket`",
    "WWW-Authenticate": "How a program signs in (RFC 6750).",
}
HEADERS_OF_ERRORS = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    416: ("Content-Range",),
    426: ("Upgrade",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
ALWAYS_THERE = {401, 416, 426, 429}
"""Statuses whose headers always come."""

SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A program's token: `pet-stream token`, or `POST /pet-stream/api/tokens`.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "pet_stream",
        "description": "Of a browser that has signed in: `POST /pet-stream/api/session`. The name "
        "goes on with `_` and eight digits, and begins with `__Host-` under TLS.",
    },
    "link": {
        "type": "apiKey",
        "in": "query",
        "name": LINK,
        "description": "A link that carries its right: `POST /pet-stream/api/links`.",
    },
}


Routes = tuple[Route, ...]


@lru_cache(maxsize=2)
def openapi_json(routes: Routes, websockets: Routes, *, base: str, is_open: bool) -> bytes:
    """Returns the text of the document. It takes as long to write as a hundred other requests, and
    everybody may ask: so the last one is kept."""
    return json.dumps(openapi(routes, websockets, base=base, is_open=is_open)).encode()


def openapi(routes: Routes, websockets: Routes, *, base: str, is_open: bool) -> dict[str, Any]:
    """Returns the document. `base` is the URL that all paths are below; `is_open`: nobody has to
    sign in."""
    operations = all_operations()
    paths: dict[str, dict[str, Any]] = {}
    for route in (*routes, *websockets):
        for method in route.methods:
            room, operation = operations[f"{method} {route.rule}"]
            written = _operation(route, operation, is_websocket=route in websockets)
            written |= {"tags": [room], "security": _security(route, operation, is_open)}
            paths.setdefault(path_of(route.rule), {})[method.lower()] = written
    errors = {f"Error{s}": error_schema(codes) for s, codes in every_code().items()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pet_stream",
            "version": VERSION,
            "description": TEXT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": base}],
        "tags": [{"name": name_of(room), "description": purpose_of(room)} for room in ROOMS],
        "paths": paths,
        "components": {
            "schemas": {**all_schemas(), **errors},
            "headers": {name: _header(text) for name, text in HEADERS.items()},
            "securitySchemes": SECURITY,
        },
    }


def path_of(rule: str) -> str:
    return re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule)


def _operation(route: Route, operation: Operation, *, is_websocket: bool) -> dict[str, Any]:
    parameters = [_path_parameter(name) for name in re.findall(r"{([a-z_]+)}", path_of(route.rule))]
    parameters += map(_parameter, operation.parameters)
    codes = codes_of(route, operation, is_websocket=is_websocket)
    written: dict[str, Any] = {
        "operationId": operation.name or route.view.__name__,
        "summary": operation.summary,
        "description": _sentence(operation.text),
        "parameters": parameters,
        "responses": _responses(operation, codes, is_websocket=is_websocket),
        "x-right": None if route.right is None else route.right.value,
    }
    if operation.body is not None:
        written["requestBody"] = {
            "content": {operation.body.media_type: {"schema": operation.body.schema}},
            "required": operation.body.is_required,
        }
    if is_websocket or operation.is_endless:
        written["x-endless"] = True
    if is_websocket:
        written["x-messages"] = "messages.json"
    return written


def _responses(operation: Operation, codes: Codes, *, is_websocket: bool) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if is_websocket:
        responses["101"] = {"description": "The WebSocket is open"}
    for answer in operation.answers:
        responses[str(answer.status)] = _answer(answer)
    for status, words in codes.items():
        if str(status) in responses:  # of a probe, whose 503 may also be that of a busy server
            kept = responses[str(status)]["content"][JSON]
            kept["schema"] = {"anyOf": [kept["schema"], ref(f"Error{status}")]}
            continue
        headers = HEADERS_OF_ERRORS.get(status, ())
        responses[str(status)] = {
            "description": ", ".join(f"`{word}`" for word in words),
            "content": {JSON: {"schema": ref(f"Error{status}")}},
            "headers": {name: _header_ref(name, status in ALWAYS_THERE) for name in headers},
            "x-codes": words,
        }
    return responses


def _answer(answer: Answer) -> dict[str, Any]:
    written: dict[str, Any] = {
        "description": answer.text,
        "headers": {
            **{name: _header_ref(name, True) for name in answer.headers},
            **{name: _header_ref(name, False) for name in answer.optional_headers},
        },
    }
    if answer.schema is not None:
        written["content"] = {kind: {"schema": answer.schema} for kind in answer.media_types}
    return written


def _security(route: Route, operation: Operation, is_open: bool) -> list[dict[str, list[str]]]:
    """Returns the ways to have the right; OpenAPI has the word of it behind each."""
    if route.right is None:
        return []
    ways = ["bearer", "cookie"]
    linked = f"pet_stream.{route.view.__name__}" in LINKABLE or route.right is Right.VIEW
    if linked and not operation.needs_person:
        ways.append("link")
    written = [{way: [route.right.value]} for way in ways]
    is_page = f"pet_stream.{route.view.__name__}" in PAGES
    return [{}, *written] if is_open or is_page else written


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": _sentence(parameter.text),
        "schema": parameter.schema,
    }


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def _header_ref(name: str, is_required: bool) -> dict[str, Any]:
    if is_required:
        return {**_header(HEADERS[name]), "required": True}
    return {"$ref": f"#/components/headers/{name}"}


def _sentence(markdown: str) -> str:
    """Returns it with a capital letter, and without links, which lead from docs/."""
    text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", markdown)
    return text[:1].upper() + text[1:]
