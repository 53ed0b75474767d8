"""Offers, their answers, and the end of a viewer."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from ..config import IceServer
from ..errors import BadRequest, InvalidOffer, NotFound
from .current import current_stream
from .json_bodies import OFFER_LIMIT_BYTES, read_json

ANSWER_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0


def offer() -> ResponseReturnValue:
    sdp, pc_id = answer_offer()
    return {"type": "answer", "sdp": sdp, "pc_id": pc_id}


def answer_offer() -> tuple[str, str]:
    """(SDP, pc_id) of the answer to the offer in the body.

    Raises InvalidOffer, TooLarge, NoUsableH264, Full, LoopUnavailable.
    """
    try:
        body = read_json(OFFER_LIMIT_BYTES)
    except BadRequest as exc:
        raise InvalidOffer from exc
    sdp = body.get("sdp")
    if body.get("type") != "offer" or not isinstance(sdp, str):
        raise InvalidOffer
    stream = current_stream()
    answer = stream.event_loop.call(stream.peers.get().answer(sdp), ANSWER_TIMEOUT_S)
    return answer.sdp, answer.pc_id


def close_peer(pc_id: str) -> ResponseReturnValue:
    """The body is not looked at: `sendBeacon` sends what it likes."""
    stream = current_stream()
    peers = stream.peers.made
    if peers is None:
        raise NotFound("No such viewer")
    stream.event_loop.call(peers.close(pc_id), CLOSE_TIMEOUT_S)
    return "", 204


def webrtc_config() -> ResponseReturnValue:
    """What a page needs before its first offer; soon after this, offers are answered fast."""
    stream = current_stream()
    stream.peers.make_soon()
    return {
        "signaling_url": request.url_root.rstrip("/") + stream.config.url_prefix,
        "ice_servers": [_ice_server_json(server) for server in stream.config.ice_servers],
    }


def _ice_server_json(server: IceServer) -> dict[str, object]:
    """RTCIceServer of the WebRTC standard."""
    answer: dict[str, object] = {"urls": list(server.urls)}
    if server.username is not None:
        answer["username"] = server.username
    if server.credential is not None:
        answer["credential"] = server.credential
    return answer
