"""The live picture, and who watches it."""

from __future__ import annotations

from ...errors import (
    BadCandidate,
    BadRequest,
    Full,
    InvalidOffer,
    NoIceRestart,
    NoPicture,
    NotFound,
    NotLive,
    NoUsableH264,
    Paused,
    Superseded,
    TooFewThreads,
    TooMany,
)
from ..hls import PLAYLIST_TYPE
from ..signaling import RACE
from ..snapshot import MAX_WIDTH, MIN_WIDTH
from ..whep import FRAGMENT, SDP
from .json_schema import (
    BINARY,
    BOOLEAN,
    COUNT,
    INTEGER,
    NUMBER,
    TEXT,
    Schema,
    described,
    nullable,
    record,
    ref,
    rows,
    word,
)
from .operation import Answer, Body, Operation, Parameter

CAMERA = word("active", "day", "night")
_CAMERA = Parameter("camera", CAMERA, "which one")
_RACE = Parameter(
    "race",
    {**TEXT, "pattern": f"^{RACE.pattern}$"},
    "the same random text as in the offer, of a page that tries both ways at once",
)
_PICTURE_HEADERS = ("Cache-Control", "Capture-Time", "ETag", "Last-Modified")
_LIVE_ERRORS = (BadRequest, Full, NoPicture, NotFound, Paused, TooFewThreads)

OPERATIONS = {
    "GET /pet-stream/": Operation(
        "The dashboard",
        "the dashboard; its files are in `/pet-stream/static/`",
        answers=(Answer("The page", BINARY, media_types=("text/html",)),),
    ),
    "GET /pet-stream/manifest.webmanifest": Operation(
        "What a browser needs to install the dashboard",
        "the dashboard as an app of its own: name and icons (Web Application Manifest)",
        answers=(
            Answer("The manifest", {"type": "object"}, media_types=("application/manifest+json",)),
        ),
    ),
    "POST /api/webrtc/offer": Operation(
        "Connect a viewer by WebRTC",
        '`{"type": "offer", "sdp"}`, optional `"replaces"`: the page\'s last `pc_id`, whose place '
        'may have been taken away (409 `superseded`); optional `"camera"`: `active`, `day` or '
        "`night`, also while it is not the active one (404: it has no ring of its own) → "
        '`{"type": "answer", "sdp", "pc_id"}`. No usable H.264 in it: 422; full, or too many at '
        'once: 503. Optional `"race"`: a page that tries this way and the WebSocket at once says '
        "the same random text to both, and takes one place; it closes the slower one within 4 s",
        body=Body(ref("Offer"), is_required=True),
        answers=(Answer("The answer", ref("SessionAnswer")),),
        errors=(InvalidOffer, BadRequest, NotFound, Superseded, NoUsableH264, Full),
    ),
    "POST /whep": Operation(
        "Connect a player by WHEP",
        "an offer as `application/sdp` → 201 with the answer, for "
        "[players that speak WHEP](whep.md); `?camera=`, as above. No picture: 409 `not_live` with "
        "a `cause`, of the camera's codes below (`PET_STREAM_WHEP_WAITS`)",
        parameters=(_CAMERA,),
        body=Body(TEXT, is_required=True, media_type=SDP),
        answers=(
            Answer(
                "The answer, and where the session is",
                TEXT,
                201,
                (SDP,),
                ("Cache-Control", "ETag", "Location"),
                ("Link",),
            ),
        ),
        errors=(InvalidOffer, NotFound, NotLive, NoUsableH264, Full),
        refusals=(415,),
    ),
    "PATCH /whep/<session_id>": Operation(
        "Add ICE candidates to a session",
        "adds ICE candidates, an `application/trickle-ice-sdpfrag`: 204. Without `If-Match` 428, "
        "of another session 412; a restart of ICE: 422 `ice_restart`",
        parameters=(Parameter("If-Match", TEXT, "the `ETag` of the answer, or `*`", "header"),),
        body=Body(TEXT, is_required=True, media_type=FRAGMENT),
        answers=(Answer("They are added", status=204),),
        errors=(BadCandidate, NoIceRestart),
        refusals=(412, 415, 428),
    ),
    "DELETE /whep/<session_id>": Operation(
        "End a session",
        "ends the session: 200",
        answers=(Answer("It has ended"),),
    ),
    "GET /whep": Operation(
        "Nothing",
        "204: there is nothing to get",
        answers=(Answer("Nothing", status=204),),
    ),
    "GET /whep/<session_id>": Operation(
        "Nothing, if there is such a session",
        "the same, of a session",
        answers=(Answer("Nothing", status=204),),
        name="whep_session_nothing",
    ),
    "OPTIONS /whep": Operation(
        "What may be sent",
        "`Accept-Post`, and for who may watch the ICE servers as `Link`",
        answers=(Answer("It", headers=("Accept-Post", "Allow"), optional_headers=("Link",)),),
    ),
    "OPTIONS /whep/<session_id>": Operation(
        "What may be sent to a session",
        "the same with `Accept-Patch`",
        answers=(
            Answer(
                "It",
                headers=("Accept-Patch", "Accept-Post", "Allow"),
                optional_headers=("Link",),
            ),
        ),
        name="whep_session_options",
    ),
    "GET /api/webrtc/config": Operation(
        "What a page needs before its first offer",
        "`signaling_url`, origin and prefix of these routes "
        "([below a path](deployment.md#below-a-path)), and `ice_servers`, with credentials for an "
        "hour where `PET_STREAM_TURN_SECRET` is set",
        answers=(Answer("The configuration", ref("WebrtcConfig")),),
    ),
    "DELETE /api/webrtc/<pc_id>": Operation(
        "End a viewer's connection",
        "ends a viewer's connection",
        answers=(Answer("It has ended", status=204),),
        name="close_peer",
    ),
    "POST /api/webrtc/<pc_id>/close": Operation(
        "End a viewer's connection by sendBeacon",
        "the same, for `sendBeacon`",
        answers=(Answer("It has ended", status=204),),
        name="close_peer_by_beacon",
    ),
    "GET /api/stream/detections": Operation(
        "What the detector sees, as events",
        'server-sent events: `{"frame_number", "timestamp", "detections": [{"class_name", '
        '"confidence", "bbox"}], "capture_us", "rtp_timestamp", "matched"}`; without a detector '
        "404",
        answers=(Answer("Events without end", BINARY, media_types=("text/event-stream",)),),
        errors=(NotFound, TooFewThreads, Full),
        is_endless=True,
    ),
    "GET /api/stream/h264": Operation(
        "The live picture over a WebSocket",
        "WebSocket: the same pictures where WebRTC does not work. JSON `format`, `status` and "
        "`error`, and a binary message for each access unit. `?camera=day` or `night`, and "
        "`?race=`, as above",
        parameters=(_CAMERA, _RACE),
    ),
    "GET /api/stream/live.mp4": Operation(
        "The live picture as MP4 without an end",
        "the live picture as one MP4 without an end, for "
        "[whatever plays a URL](players-elsewhere.md); it begins with the newest GOP. `?camera=`, "
        "as above. Who reads too slowly loses whole GOPs, who reads nothing for 8 s is ended. No "
        "picture within 5 s: 503 `no_picture`; while paused: 409 `paused`",
        parameters=(_CAMERA,),
        answers=(Answer("Pictures without end", BINARY, media_types=("video/mp4",)),),
        errors=_LIVE_ERRORS,
        is_endless=True,
    ),
    "GET /api/stream/live.h264": Operation(
        "The live picture as H.264 without an end",
        "the same as raw H.264 (Annex B), without times",
        parameters=(_CAMERA,),
        answers=(Answer("Pictures without end", BINARY, media_types=("video/h264",)),),
        errors=_LIVE_ERRORS,
        is_endless=True,
    ),
    "GET /api/stream/index.m3u8": Operation(
        "The live picture by HLS",
        "HLS, made of the replay memory (`PET_STREAM_REPLAY_SECONDS`; without it 404): names one "
        "media playlist, with the id of a new session. The active camera only. No picture within "
        "5 s: 503 `no_picture`; while paused, here and below: 409 `paused`",
        answers=(
            Answer("The playlist", TEXT, media_types=(PLAYLIST_TYPE,), headers=("Cache-Control",)),
        ),
        errors=(Full, NoPicture, NotFound, Paused),
    ),
    "GET /api/stream/hls/<session_id>/<name>": Operation(
        "What the playlist leads to",
        "what leads on from it: `live.m3u8`, with `_HLS_msn` and `_HLS_part` a "
        "[blocking reload](#hls); `init-….mp4`; segments. An id is good for whoever asked for it, "
        "until an owner ends the viewer: then 404",
        parameters=(
            Parameter("_HLS_msn", COUNT, "the segment that the playlist is to have"),
            Parameter("_HLS_part", COUNT, "the part of it"),
        ),
        answers=(
            Answer(
                "A playlist, a segment, or a part of one",
                BINARY,
                media_types=(PLAYLIST_TYPE, "video/mp4"),
                headers=("Cache-Control",),
            ),
        ),
        errors=(BadRequest, Full, NoPicture, Paused, Superseded, TooFewThreads),
    ),
    "GET /api/stream/ws": Operation(
        "The live state over a WebSocket",
        "WebSocket: recording, viewers, camera and health as JSON, at once and whenever they "
        'change. The page may send `{"type": "candidate", "pc_id", "candidate"}`: trickle ICE',
    ),
    "GET /api/snapshot.jpg": Operation(
        "A picture of this moment",
        "a JPEG of this moment; `?width=` (16 to 8192) makes it smaller. `Capture-Time` (RFC 3339, "
        "µs) and `Last-Modified` say when the camera took it, `If-None-Match` with its `ETag` gets "
        "304 while it is the same. At most one picture a second is decoded, and each of up to "
        "eight widths encoded once; one request is served and eight wait, more get 429",
        parameters=(
            Parameter(
                "width",
                {"type": "integer", "minimum": MIN_WIDTH, "maximum": MAX_WIDTH},
                "how many pixels at most",
            ),
            Parameter("If-None-Match", TEXT, "RFC 9110, section 13.1.2", "header"),
        ),
        answers=(
            Answer("The picture", BINARY, media_types=("image/jpeg",), headers=_PICTURE_HEADERS),
            Answer("It is the same", status=304, headers=("Capture-Time", "ETag")),
        ),
        errors=(BadRequest, NoPicture, Paused, TooMany),
    ),
    "GET /pet-stream/api/viewers": Operation(
        "Who watches",
        'who watches: `{"viewers": [{"id", "name", "client", "transport", "duration_s", '
        '"thinned_to"}]}`. `thinned_to`: pictures a second, where the link can\'t carry all (0: '
        "not known yet), else null",
        answers=(Answer("The viewers, the oldest first", ref("Viewers")),),
    ),
    "DELETE /pet-stream/api/viewers/<place_id>": Operation(
        "End a viewer",
        "ends it; its page does not come back by itself",
        answers=(Answer("It has ended", status=204),),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Offer": record(
        "replaces camera race",
        type=word("offer"),
        sdp=TEXT,
        replaces=described(TEXT, "The page's last `pc_id`."),
        camera=CAMERA,
        race=_RACE.schema,
    ),
    "SessionAnswer": record(type=word("answer"), sdp=TEXT, pc_id=TEXT),
    "WebrtcConfig": record(signaling_url=TEXT, ice_servers=rows(ref("IceServer"))),
    "IceServer": record("username credential", urls=rows(TEXT), username=TEXT, credential=TEXT),
    "Viewers": record(viewers=rows(ref("Viewer"))),
    "Viewer": record(
        id=TEXT,
        name=nullable(TEXT),
        client=nullable(TEXT),
        transport=TEXT,
        duration_s=NUMBER,
        thinned_to=nullable(NUMBER),
    ),
    "Sighting": record(
        frame_number=COUNT,
        timestamp=NUMBER,
        detections=rows(ref("Detection")),
        capture_us=described(COUNT, "Of the picture, on CLOCK_MONOTONIC."),
        rtp_timestamp=COUNT,
        matched=described(BOOLEAN, "Whether `capture_us` is that of a picture that was sent."),
    ),
    "Detection": record(
        class_name=TEXT,
        confidence=NUMBER,
        bbox=record(x=INTEGER, y=INTEGER, w=INTEGER, h=INTEGER),
    ),
}
