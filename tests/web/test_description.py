"""The description holds every route, and no other; the answers of all tests are held against it
(`description_check`)."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, ValidationError

from pet_stream.rights import Right
from pet_stream.version import __version__
from pet_stream.web import WEBSOCKET_ROUTES, messages
from pet_stream.web.description import operations
from pet_stream.web.description.document import path_of
from pet_stream.web.description.errors import every_code
from pet_stream.web.description.messages import BINARY_HEADER, FROM_PAGE
from pet_stream.web.links import LINKABLE
from tests.apps import mounted_app
from tests.description_check import EVERY_ROUTE, IMPLIED_METHODS, message_validator
from tests.test_extension import run_script
from tests.websocket.client import HEADER

OPENAPI = "/api/openapi.json"
MESSAGES = "/api/messages.json"


@pytest.fixture(scope="module")
def client(shared_client: FlaskClient) -> FlaskClient:
    return shared_client


@pytest.fixture(scope="module")
def document(client: FlaskClient) -> dict[str, Any]:
    answer = client.get(OPENAPI)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.get_json()
    return body


def requests_of(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}


def requests_served(client: FlaskClient, prefix: str = "") -> set[tuple[str, str]]:
    """What the URL map has, but the files of the dashboard, and what Flask does by itself."""
    own_options = {
        (method, path_of(route.rule)) for route in EVERY_ROUTE for method in route.methods
    }
    found = {
        (method, path_of(rule.rule.removeprefix(prefix)))
        for rule in client.application.url_map.iter_rules()
        if rule.endpoint.startswith("pet_stream.") and rule.endpoint != "pet_stream.static"
        for method in rule.methods or ()
    }
    return {one for one in found if one[0] not in IMPLIED_METHODS or one in own_options}


def nodes_of(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from nodes_of(child)


def test_every_route_of_the_table_is_described_and_no_other() -> None:
    rows = {
        f"{method} {route.rule}"
        for route in (*EVERY_ROUTE, *WEBSOCKET_ROUTES)
        for method in route.methods
    }
    described = operations.all_operations().keys()
    assert not rows - described, "describe these in a room of pet_stream/web/description/"
    assert not described - rows, "these are described, but in no route table of pet_stream.web"


def test_the_rooms_describe_nothing_twice() -> None:
    requests = Counter(r for room in operations.ROOMS for r in room.OPERATIONS)
    schemas = Counter(name for room in operations.ROOMS for name in room.SCHEMAS)
    assert not [one for one, count in (requests + schemas).items() if count > 1]


@pytest.mark.parametrize("prefix", ["", "/camera"])
@pytest.mark.parametrize("has_more", [True, False])
def test_the_document_has_what_the_url_map_has(tmp_path: Path, prefix: str, has_more: bool) -> None:
    settings = {"LEGACY_ROUTES": has_more, "METRICS": has_more}
    with mounted_app(tmp_path, URL_PREFIX=prefix, AUTOSTART=False, **settings) as app:
        client = app.test_client()
        document = client.get(prefix + OPENAPI).get_json()
        assert requests_of(document) == requests_served(client, prefix)
        assert document["servers"] == [{"url": prefix or "/"}]


def test_each_operation_names_its_right_and_how_to_have_it(document: dict[str, Any]) -> None:
    for route in (*EVERY_ROUTE, *WEBSOCKET_ROUTES):
        for method in route.methods:
            operation = document["paths"].get(path_of(route.rule), {}).get(method.lower())
            if operation is None:
                continue  # of a route that this app does not serve
            right = None if route.right is None else route.right.value
            assert operation["x-right"] == right
            ways = {way for one in operation["security"] for way in one}
            assert {"bearer", "cookie"} <= ways if right else not ways
            if "link" in ways and right != Right.VIEW.value:
                assert f"pet_stream.{route.view.__name__}" in LINKABLE


@pytest.mark.parametrize(("auth", "is_open"), [("off", True), ("builtin", False)])
def test_where_nobody_signs_in_nothing_is_needed(tmp_path: Path, auth: str, is_open: bool) -> None:
    settings = {"AUTH": auth, "ACCOUNTS": tmp_path / "accounts.json", "AUTOSTART": False}
    with mounted_app(tmp_path, **settings) as app:
        paths = app.test_client().get(OPENAPI).get_json()["paths"]
        assert ({} in paths["/api/recordings"]["get"]["security"]) is is_open
        assert paths["/livez"]["get"]["security"] == []
        assert {} in paths["/pet-stream/"]["get"]["security"]  # which asks for a sign-in itself


def test_names_of_operations_are_unique(document: dict[str, Any]) -> None:
    names = Counter(
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    )
    assert not {name for name, count in names.items() if count > 1}, "give one a name of its own"


def test_parameters_of_the_path_are_those_of_the_rule(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("path", [OPENAPI, MESSAGES])
def test_references_lead_somewhere_and_schemas_are_schemas(client: FlaskClient, path: str) -> None:
    whole = client.get(path).get_json()
    for node in nodes_of(whole):
        if isinstance(target := node.get("$ref"), str):
            found: Any = whole
            for step in target.removeprefix("#/").split("/"):
                found = found[step]
    schemas = whole["$defs"] if path == MESSAGES else whole["components"]["schemas"]
    assert schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_every_schema_is_used(document: dict[str, Any], client: FlaskClient) -> None:
    text = json.dumps(document) + client.get(MESSAGES).get_data(as_text=True)
    used = set(re.findall(r'"#/(?:components/schemas|\$defs)/(\w+)"', text))
    allowed = {f"Error{status}" for status in every_code()} | {"Sighting"}
    assert document["components"]["schemas"].keys() - used <= allowed


def test_each_error_has_the_codes_of_its_status(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                known = schemas.get(f"Error{status}", {}).get("properties", {})
                assert set(answer.get("x-codes", ())) <= set(known.get("code", {}).get("enum", ()))


@pytest.mark.parametrize("path", [OPENAPI, MESSAGES])
def test_it_is_for_everybody_and_fetched_once(tmp_path: Path, path: str) -> None:
    settings = {"AUTH": "builtin", "ACCOUNTS": tmp_path / "accounts.json", "AUTOSTART": False}
    with mounted_app(tmp_path, ALLOWED_ORIGINS=["https://other.example"], **settings) as app:
        client = app.test_client()
        first = client.get(path, headers={"Origin": "https://other.example"})
        assert first.status_code == 200
        assert first.headers["Access-Control-Allow-Origin"] == "https://other.example"
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert not again.data


def test_strangers_do_not_learn_the_version(client: FlaskClient) -> None:
    assert f'"{__version__}"' not in client.get(OPENAPI).get_data(as_text=True)


def test_every_message_of_a_page_is_described_and_no_other() -> None:
    kinds = {schema["properties"]["type"]["const"] for schema in FROM_PAGE.values()}
    assert kinds == messages.MESSAGES.keys()


@pytest.mark.parametrize(
    "message",
    [
        {"type": "ping", "t": 1.5},
        {"type": "subscribe", "to": "detections"},
        {"type": "follow", "pc_id": "x"},
        {"type": "candidate", "pc_id": "x", "candidate": None},
        {"type": "candidate", "pc_id": "x", "candidate": {"candidate": "", "sdpMid": "0"}},
    ],
)
def test_a_pages_message_is_one_of_them(message: dict[str, Any]) -> None:
    validator = message_validator("/api/stream/ws", "from_page")
    validator.validate(message)
    with pytest.raises(ValidationError):
        validator.validate({**message, "type": "something"})


def test_the_head_of_a_picture_has_as_many_bytes_as_described() -> None:
    bits = sum(int(kind[1:]) for _, kind, _ in BINARY_HEADER)
    assert bits == 8 * HEADER.size


def test_asking_loads_nothing_before() -> None:
    run_script(
        "import sys, flask, pet_stream\n"
        "app = flask.Flask('host')\n"
        "app.config['PET_STREAM_AUTOSTART'] = False\n"
        "pet_stream.PetStream(app)\n"
        "loaded = [m for m in sys.modules if m.startswith('pet_stream.web.description')]\n"
        "assert not loaded, loaded\n"
        f"assert app.test_client().get('{OPENAPI}').status_code == 200\n"
    )
