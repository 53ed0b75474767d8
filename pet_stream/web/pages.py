"""Pages that people open, and what a browser wants to know to install them."""

from __future__ import annotations

from typing import Any

from flask import Response, json, render_template
from flask.typing import ResponseReturnValue

from ..errors import AccountsUnusable
from ..rights import Right
from .current import current_stream
from .health import page_state
from .lasting_requests import has_threads
from .page_files import file_url
from .session import describe_session, visitor_has

NAME = "Pet camera"
"""Of a camera that has none, until the page says it in its own language."""
_ICONS = (
    ("icon.svg", "any", "image/svg+xml", "any"),
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable-512.png", "512x512", "image/png", "maskable"),
)


def dashboard() -> ResponseReturnValue:
    stream = current_stream()
    stream.peers.make_soon()
    state = "pushed" if has_threads() else "asked"
    return render_template(
        "pet_stream/dashboard.html",
        state=state,
        page=_page_state(),
        session=_session(),
        default_name=NAME,
    )


def manifest() -> ResponseReturnValue:
    """Answer as https://www.w3.org/TR/appmanifest/ has it. Paths are relative to the manifest."""
    name = _page_state()["camera_name"] or NAME
    value = {
        "name": name,
        "short_name": name,
        "description": "Live picture and recordings of the camera",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#0e1213",
        "theme_color": "#17545a",
        "icons": [
            {"src": file_url(f"icons/{file}"), "sizes": sizes, "type": kind, "purpose": purpose}
            for file, sizes, kind, purpose in _ICONS
        ],
    }
    return Response(json.dumps(value), mimetype="application/manifest+json")


def _session() -> dict[str, Any] | None:
    """Returns who opens the page, which saves it a request; None where only the host knows, and
    where it has to be asked what is wrong."""
    if current_stream().authority.name == "host":
        return None
    try:
        return describe_session()
    except AccountsUnusable:
        return None


def _page_state() -> dict[str, object]:
    """Returns what owners have set for the page; where somebody has yet to sign in, without the
    camera's name."""
    state = page_state(current_stream().config)
    return state if visitor_has(Right.VIEW) else {**state, "camera_name": ""}
