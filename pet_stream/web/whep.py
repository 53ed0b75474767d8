"""The routes of WHEP (draft-ietf-wish-whep): a player that speaks it shows the camera like a page
of ours.

A session is a viewer; its id is the viewer's. ICE never begins anew, so a session has one ETag.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Response, current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from ..errors import BadRequest, InvalidOffer, NotLive
from ..reason import Reason
from ..rights import Grant, Right
from .access import bearer_token, current_grant, grant_of
from .client import current_client
from .current import current_stream
from .health import OFFLINE_STATES, camera_status
from .ice_links import ice_server_links
from .json_bodies import LIMIT_BYTES, OFFER_LIMIT_BYTES, read_text
from .signaling import CANDIDATE_TIMEOUT_S, Offered, answer_offer, end_peer, given_ice_servers
from .urls import LINK, WHEP, base_path

if TYPE_CHECKING:
    from ..stream import Stream

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


def whep_offer() -> ResponseReturnValue:
    """Answer the offer in the body, and name the session that it begins."""
    sdp, session_id = answer_offer(_read_offer)
    # section 4.4.1 wants it in the answer, too, where RFC 8858 knows it in offers only
    sdp = sdp.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n")
    response = Response(sdp, 201, mimetype=SDP)
    response.headers["Location"] = _session_path(session_id)
    response.headers["Cache-Control"] = "no-store"
    response.set_etag(_tag(session_id))
    _add_ice_servers(response, current_grant())
    return response


def whep_trickle(session_id: str) -> ResponseReturnValue:
    """Add the ICE candidates in the body (RFC 8840). Raises NotFound, PreconditionRequired,
    PreconditionFailed, BadCandidate, NoIceRestart, Busy, and what reading the body does."""
    stream, holder = current_stream(), current_grant().holder
    peers = stream.peers.existing()
    peers.check(session_id, holder)
    text = read_text(LIMIT_BYTES, FRAGMENT)
    if "If-Match" not in request.headers:
        raise PreconditionRequired("If-Match is missing: the ETag of the answer, or *")
    if not (request.if_match.star_tag or request.if_match.is_strong(_tag(session_id))):
        raise PreconditionFailed("If-Match is not the ETag of this session")
    with stream.offer_turns.turn(current_client()):
        if added := peers.add_fragment(session_id, text, holder):
            stream.event_loop.call(added, CANDIDATE_TIMEOUT_S)
    return "", 204


def whep_end(session_id: str) -> ResponseReturnValue:
    end_peer(session_id)
    return "", 200


def whep_nothing(session_id: str | None = None) -> ResponseReturnValue:
    """There is nothing to get, which is no error (section 4.1). Raises NotFound."""
    if session_id is not None:
        current_stream().peers.existing().check(session_id, current_grant().holder)
    return "", 204


def whep_options(session_id: str | None = None) -> ResponseReturnValue:
    """Say what may be sent, and, to whoever may watch, which ICE servers there are: players may ask
    before their offer."""
    response = current_app.make_default_options_response()
    response.headers["Accept-Post"] = SDP
    if session_id is not None:
        response.headers["Accept-Patch"] = FRAGMENT
    is_preflight = "Access-Control-Request-Method" in request.headers
    if not is_preflight and (grant := grant_of(Right.VIEW)):
        _add_ice_servers(response, grant)
    return response


def _read_offer() -> Offered:
    """Raises UnsupportedMediaType, TooLarge, InvalidOffer, BadRequest, NotFound, NotLive."""
    stream = current_stream()
    try:
        sdp = read_text(OFFER_LIMIT_BYTES, SDP)
    except BadRequest as exc:
        raise InvalidOffer from exc
    camera = request.args.get("camera", "active")
    if not stream.config.whep_waits:
        _check_live(stream, camera)
    return Offered(sdp, camera, transport="whep")


def _check_live(stream: Stream, camera: str) -> None:
    """Raises NotLive, BadRequest, NotFound. A camera of its own that nobody watches is not read, so
    nothing is known of it."""
    own = stream.view(camera).camera
    if stream.pause.is_on:
        raise _not_live(stream.pause.state.reason)
    status = camera_status(stream) if own is None else own.status
    is_unknown = own is not None and status.reason.code == "not_started"
    if status.state in OFFLINE_STATES and not is_unknown:
        raise _not_live(status.reason)


def _not_live(reason: Reason) -> NotLive:
    return NotLive(f"Nothing to show: {reason}", reason.code)


def _session_path(session_id: str) -> str:
    """Returns where the session is, with the link that carries the right, if one did."""
    path = f"{base_path(current_stream().config.url_prefix)}{WHEP}/{session_id}"
    link = request.args.get(LINK)
    return path if link is None or bearer_token() is not None else f"{path}?{LINK}={quote(link)}"


def _tag(session_id: str) -> str:
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]


def _add_ice_servers(response: Response, grant: Grant) -> None:
    for link in ice_server_links(given_ice_servers(grant)):
        response.headers.add("Link", link)
