"""The routes of WebRTC: offers and their answers, candidates, and a viewer's end."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import request
from flask.typing import ResponseReturnValue

from ..admission.places import Places
from ..errors import BadCandidate, BadRequest, Full, InvalidOffer, NotFound
from ..ice_server import IceServer
from ..rights import Grant
from ..turn_secret import with_credentials
from .access import current_grant
from .client import current_client, has_client_gone
from .current import current_stream
from .json_bodies import OFFER_LIMIT_BYTES, read_json
from .urls import base_url

if TYPE_CHECKING:
    from ..stream import Stream

ANSWER_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0
CANDIDATE_TIMEOUT_S = 5.0

WEBRTC = "webrtc"
RACE = re.compile("[A-Za-z0-9_-]{16,64}")
"""Nobody else can guess it."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What somebody sends who wants to watch."""

    sdp: str
    camera: str
    """Which one is asked for: `active`, `day` or `night`."""
    replaces: str | None = None
    """The pc_id of the viewer that the same page was before, if it says so."""
    transport: str = WEBRTC
    """How this is told apart among those who watch."""
    race: str = ""
    """Names the page, if it tries another way at the same time."""


def offer() -> ResponseReturnValue:
    sdp, pc_id = answer_offer(read_offer)
    return {"type": "answer", "sdp": sdp, "pc_id": pc_id}


def answer_offer(read: Callable[[], Offered]) -> tuple[str, str]:
    """Returns SDP and pc_id of the answer to the offer in the body, which `read` returns.

    Cheap checks come first, and what needs no event loop is done in this thread. Raises Full,
    InvalidOffer, BadRequest, NotFound, Superseded, Busy, NoUsableH264, LoopUnavailable, and what
    `read` does.
    """
    stream = current_stream()
    grant = current_grant()
    offered = _read_if_there_is_room(stream.places, grant, read)
    view = stream.view(offered.camera)
    client = current_client()
    with stream.offer_turns.turn(client):
        peers = stream.peers.get()
        if has_client_gone(request.environ):
            raise BadRequest("The client has gone")
        answering = peers.answer(
            offered.sdp,
            client,
            grant,
            offered.replaces,
            view,
            offered.transport,
            offered.race,
        )
        answer = stream.event_loop.call(answering, ANSWER_TIMEOUT_S)
    return answer.sdp, answer.pc_id


def _read_if_there_is_room(places: Places, grant: Grant, read: Callable[[], Offered]) -> Offered:
    """Raises Full, before anything is read unless the offer may share a place."""
    try:
        places.check(grant.holder, is_owner=grant.is_owners)
    except Full:
        if not places.is_any_shareable:
            raise
        offered = read()
        race, transport = offered.race, offered.transport
        places.check(grant.holder, is_owner=grant.is_owners, race=race, transport=transport)
        return offered
    return read()


def check_race(race: object) -> str:
    """Returns what names a page, if it tries another way at the same time. Raises BadRequest."""
    if not isinstance(race, str) or (race and not RACE.fullmatch(race)):
        raise BadRequest("race: 16 to 64 letters, digits, - and _")
    return race


def read_offer() -> Offered:
    """Returns the offer of a page. Raises TooLarge, InvalidOffer, BadRequest."""
    try:
        body = read_json(OFFER_LIMIT_BYTES)
    except BadRequest as exc:
        raise InvalidOffer from exc
    sdp, replaces = body.get("sdp"), body.get("replaces")
    if body.get("type") != "offer" or not isinstance(sdp, str):
        raise InvalidOffer
    camera = body.get("camera", "active")
    if not isinstance(camera, str):
        raise BadRequest("camera: active, day or night")
    race = check_race(body.get("race", ""))
    return Offered(sdp, camera, replaces if isinstance(replaces, str) else None, race=race)


def close_peer(pc_id: str) -> ResponseReturnValue:
    """End the viewer. The body is not read: `sendBeacon` may send one."""
    end_peer(pc_id)
    return "", 204


def end_peer(pc_id: str) -> None:
    """End a viewer of whoever asks. Raises NotFound, LoopUnavailable."""
    stream = current_stream()
    closing = stream.peers.existing().close(pc_id, current_grant().holder)
    stream.event_loop.call(closing, CLOSE_TIMEOUT_S)


def list_viewers() -> ResponseReturnValue:
    """Answer with who watches, the oldest first."""
    now_s = time.monotonic()
    return {
        "viewers": [
            {
                "id": place.id,
                "name": place.occupant.name or None,
                "client": place.occupant.client or None,
                "transport": place.occupant.transport,
                "duration_s": round(now_s - place.taken_at_s, 1),
                "thinned_to": place.occupant.thinned_to(),
            }
            for place in current_stream().places.taken
        ]
    }


def end_viewer(place_id: str) -> ResponseReturnValue:
    """Take a viewer's place away. Its page does not come back by itself."""
    if not current_stream().places.remove(place_id):
        raise NotFound("No such viewer")
    return "", 204


def take_candidate(stream: Stream, message: dict[str, Any]) -> None:
    """Add a candidate (trickle ICE, RFC 8838). `message` has `pc_id` and `candidate`, an
    RTCIceCandidateInit of the WebRTC standard; null or an empty one is the end of candidates.

    Raises BadCandidate, NotFound, LoopUnavailable.
    """
    pc_id, init = message.get("pc_id"), message.get("candidate")
    if init is None:
        return
    if not isinstance(pc_id, str) or not isinstance(init, dict):
        raise BadCandidate
    candidate, mid, ice_ufrag = map(init.get, ("candidate", "sdpMid", "usernameFragment"))
    if not isinstance(candidate, str) or not all(
        value is None or isinstance(value, str) for value in (mid, ice_ufrag)
    ):
        raise BadCandidate
    peers = stream.peers.existing()
    if candidate:
        value = candidate.removeprefix("candidate:")
        holder = current_grant().holder
        if added := peers.add_candidate(pc_id, value, mid, ice_ufrag, holder):
            stream.event_loop.call(added, CANDIDATE_TIMEOUT_S)


def webrtc_config() -> ResponseReturnValue:
    """Answer with what a page needs before its first offer, and have aiortc imported meanwhile."""
    stream = current_stream()
    stream.peers.make_soon()
    return {
        "signaling_url": base_url(stream.config.url_prefix),
        "ice_servers": [_ice_server_json(server) for server in given_ice_servers(current_grant())],
    }


def given_ice_servers(grant: Grant) -> tuple[IceServer, ...]:
    """Returns the ICE servers, with credentials for the holder of `grant`, who may watch."""
    config = current_stream().config
    return with_credentials(config.ice_servers, config.turn_secret, grant.holder, time.time())


def public_ice_servers() -> str | None:
    """Returns the ICE servers as JSON, for templates: who reads them there need not ask. None if
    one of them has a secret."""
    stream = current_stream()
    stream.peers.make_soon()
    servers = stream.config.ice_servers
    if any(server.credential is not None or server.wants_credentials for server in servers):
        return None
    return json.dumps([_ice_server_json(server) for server in servers])


def _ice_server_json(server: IceServer) -> dict[str, object]:
    """Returns an RTCIceServer of the WebRTC standard."""
    answer: dict[str, object] = {"urls": list(server.urls)}
    if server.username is not None:
        answer["username"] = server.username
    if server.credential is not None:
        answer["credential"] = server.credential
    return answer
