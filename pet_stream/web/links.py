"""The route that makes links which carry their right: for casting, sharing, embedding."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from ..errors import BadRequest, NotAllowed, NotFound, NotSignedIn
from ..qr_code import qr_svg
from ..rights import Right
from .current import current_stream
from .json_bodies import read_json
from .session import accounts_authority
from .urls import LINK, base_url, link_target

LINKABLE = {
    "pet_stream.dashboard": Right.VIEW,
    "pet_stream.snapshot": Right.VIEW,
    "pet_stream.live_mp4": Right.VIEW,
    "pet_stream.live_h264": Right.VIEW,
    "pet_stream.whep_nothing": Right.VIEW,
    "pet_stream.hls_playlist": Right.VIEW,
    "pet_stream.get_recording": Right.REPLAY,
    "pet_stream.get_thumbnail": Right.REPLAY,
}
"""What a link may lead to, and the right that it carries. A link to the page gives that right
everywhere, since the page needs offers, the state and the WebSockets."""
DEFAULT_HOURS = 1
MAX_HOURS = 12
MAX_OWNERS_HOURS = 720
"""Of a live view, for who may manage: such as for a card on another page."""
MAX_PATH_CHARACTERS = 500
_HOUR_S = 3600


def make_link() -> ResponseReturnValue:
    """Make a link to `{"path"}` for `{"hours"}`. Whoever has it has the right that it carries,
    until it ends, or its maker's right does.

    Raises BadRequest, NotFound, NotSignedIn, NotAllowed.
    """
    accounts, visitor = accounts_authority().accounts, accounts_authority().visitor()
    if visitor is None:  # but a link, which makes no others
        raise NotSignedIn
    body = read_json()
    path = _path(body)
    right = _right_of(path)
    if right not in visitor.rights:
        raise NotAllowed(right.value)
    is_owners_view = right is Right.VIEW and Right.MANAGE in visitor.rights
    good_for_s = _seconds(body, MAX_OWNERS_HOURS if is_owners_view else MAX_HOURS)
    prefix = current_stream().config.url_prefix
    text = accounts.make_link(link_target(prefix + path), right, good_for_s, by=visitor)
    url = f"{base_url(prefix)}{quote(path)}?{LINK}={text}"
    return {"url": url, "qr_svg": qr_svg(url), "expires_in_s": good_for_s}


def _path(body: dict[str, Any]) -> str:
    path = body.get("path")
    if not isinstance(path, str) or len(path) > MAX_PATH_CHARACTERS or not path.startswith("/"):
        raise BadRequest("path must be one of ours, such as /pet-stream/")
    if "//" in path:  # which routing takes for one, and the path of a request is without
        raise BadRequest("path must be one of ours, such as /pet-stream/")
    return path


def _right_of(path: str) -> Right:
    """Returns the right that a link to `path` carries. Raises NotFound if there can be none."""
    adapter = current_app.create_url_adapter(request)
    try:
        assert adapter is not None
        rule, _ = adapter.match(
            current_stream().config.url_prefix + path, "GET", return_rule=True, websocket=False
        )
    except HTTPException:  # also where the path is spelled differently
        rule = None
    if rule is None or rule.endpoint not in LINKABLE:
        raise NotFound("There can be no link to this path")
    return LINKABLE[rule.endpoint]


def _seconds(body: dict[str, Any], max_hours: int) -> int:
    hours = body.get("hours", DEFAULT_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= max_hours:
        raise BadRequest(f"hours must be a number up to {max_hours}")
    return max(1, int(hours * _HOUR_S))
