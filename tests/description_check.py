"""Holds answers against their description (`pet_stream.web.description`)."""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft202012Validator

from pet_stream.errors import ClientGone
from pet_stream.web import (
    LEGACY_ROUTES,
    METRICS_BESIDE,
    METRICS_ROUTES,
    ROUTES,
    WEBSOCKET_ROUTES,
)
from pet_stream.web.description.document import openapi, path_of
from pet_stream.web.description.messages import messages

EVERY_ROUTE = (*ROUTES, *METRICS_ROUTES, METRICS_BESIDE, *LEGACY_ROUTES)
OUR_HOOKS = 2
"""Functions that run before every request of a host that has none."""
IMPLIED_METHODS = {"HEAD", "OPTIONS"}


def closed(schema: Any) -> Any:
    """`schema`, but no object may have fields that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    within = {key: closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        within.setdefault("additionalProperties", False)
    return within


@cache
def document() -> dict[str, Any]:
    """Of all routes that there can be."""
    return openapi(EVERY_ROUTE, WEBSOCKET_ROUTES, base="/", is_open=False)


def find_faults(method: str, rule: str, response: Response) -> list[str]:
    """What the description of this request does not say of its answer."""
    operation = document()["paths"][path_of(rule)].get(method.lower())
    if operation is None:
        return [f"{method} {rule} is not described"]
    described = operation["responses"].get(str(response.status_code))
    where = f"{method} {rule}: {response.status_code}"
    if described is None:
        return [f"{where} is not described: {response.get_data()[:200]!r}"]
    missing = [
        f"{where} has no {name}"
        for name, header in described.get("headers", {}).items()
        if header.get("required") and name not in response.headers
    ]
    content = described.get("content", {})
    if not content:
        has_body = response.status_code not in (204, 304) and response.get_data()
        return [*missing, f"{where} has a body"] if has_body else missing
    if response.mimetype not in content:
        return [*missing, f"{where} is {response.mimetype}, not {', '.join(content)}"]
    if response.mimetype != "application/json":
        return missing
    data = response.get_data()
    if response.content_encoding == "gzip":
        data = gzip.decompress(data)
    answer = json.loads(data)
    key = f"{method} {rule} {response.status_code}"
    errors = [f"{where}: {e.json_path}: {e.message}" for e in _validator(key).iter_errors(answer)]
    codes = described.get("x-codes", [answer.get("code")])
    if answer.get("code") not in codes:
        errors.append(f"{where} has the code {answer['code']}, not one of {codes}")
    return [*missing, *errors]


@cache
def _validator(key: str) -> Draft202012Validator:
    method, rule, status = key.split()
    described = document()["paths"][path_of(rule)][method.lower()]["responses"][status]
    schema = described["content"]["application/json"]["schema"]
    return Draft202012Validator({**closed(schema), "components": closed(document()["components"])})


@cache
def message_validator(path: str, side: str) -> Draft202012Validator:
    """Of what comes `from_server` or `from_page` over the WebSocket of this path."""
    socket = next(one for one in messages()["x-sockets"] if one["path"] == path)
    return Draft202012Validator({**socket[side], "$defs": closed(messages()["$defs"])})


def hold_to_description(app: Flask) -> None:
    """From now on a request of ours fails whose answer is not described. Hosts' hooks, and who
    decides for a host, may answer anything."""

    @app.after_request
    def check(response: Response) -> Response:
        rule, stream = request.url_rule, app.extensions["pet_stream"]
        if rule is None or not rule.endpoint.startswith("pet_stream."):
            return response
        if rule.endpoint == "pet_stream.static":
            return response
        hooks = len(app.before_request_funcs[None])
        if hooks > OUR_HOOKS or stream.authority.name == "host":
            return response
        if response.status_code == 500:  # broken on purpose: else the test's client raises
            return response
        if response.status_code == 400 and response.get_json().get("code") == ClientGone.code:
            return response  # which nobody reads
        is_open_socket = rule.websocket and response.status_code == 200  # as flask-sock ends it
        if request.method not in IMPLIED_METHODS and not is_open_socket:
            ours = rule.rule.removeprefix(stream.config.url_prefix)
            found = find_faults(request.method, ours, response)
            assert not found, found
        return response
