"""The HTTP surface, on one screen.

A request passes the checks that `build_blueprint` lists, `Access` (who may ask) among them. Its
view asks a part of the app's stream (`current_stream()`) and gives back JSON, a file
(`file_answers`) or events; `websockets` hands its socket to the event loop. Whatever a part raises
becomes JSON in `errors`. Headers are added last.

A request runs in the server's thread for it, and nothing here is shared between requests but
`HostCheck`, which looks at the first one. `live_state` makes what open pages are sent, on the
event-loop thread.
"""

from __future__ import annotations

from collections.abc import Collection

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from ..assets import find_folder
from ..config import Config
from ..rights import Right
from .access import Access
from .bin import delete_for_good, empty_bin, list_bin, restore_recording
from .client_socket import limit_waiting
from .compression import compress_page
from .conditional_dates import ignore_absurd_dates
from .content_security import add_security_headers
from .cookies import renew_cookie
from .cors import add_cors_headers
from .debug import show_memory, show_profile, show_threads, show_warnings
from .described import answer_openapi, socket_messages
from .detections import stream_detections
from .errors import add_error_handlers
from .health import health
from .hls import hls_file, hls_playlist
from .legacy import legacy_offer, legacy_start, legacy_status, legacy_stop
from .links import make_link
from .live_video import live_h264, live_mp4
from .metrics import count_request, metrics, start_clock
from .page_files import file_url, inlined, modules_of, static
from .pages import dashboard, manifest
from .pause import begin_pause, end_pause, show_pause
from .people import add_token, invite, invite_device, list_people, revoke, set_password
from .probes import livez, readyz
from .publications import begin_publication, end_publication, list_publications
from .recorded_detections import get_detections
from .recording import keep_recording, recording_status, save_clip, start_recording, stop_recording
from .recordings import (
    delete_recording,
    get_recording,
    get_thumbnail,
    list_recordings,
    part_of_recording,
    recording_details,
    save_part,
    star_recording,
)
from .route import Route
from .session import show_session, sign_in, sign_out
from .settings import change_settings, show_settings
from .signaling import (
    close_peer,
    end_viewer,
    list_viewers,
    offer,
    public_ice_servers,
    webrtc_config,
)
from .snapshot import snapshot
from .timeline import show_days, show_timeline
from .urls import relative_url
from .websockets import add_websocket, prepare_websocket, stream_h264, stream_state
from .whep import whep_end, whep_nothing, whep_offer, whep_options, whep_trickle

STATIC_PATH = "/pet-stream/static"
"""Not `/static`, which is the host's own."""


def openapi() -> ResponseReturnValue:
    """Answer with this table, and what each route takes and answers (`description`)."""
    routes = (*ROUTES, *METRICS_ROUTES, METRICS_BESIDE, *LEGACY_ROUTES)
    return answer_openapi(routes, WEBSOCKET_ROUTES)


ROUTES = (
    Route(("POST",), "/api/webrtc/offer", offer, Right.VIEW),
    Route(("GET",), "/api/webrtc/config", webrtc_config, Right.VIEW),
    Route(("DELETE",), "/api/webrtc/<pc_id>", close_peer, Right.VIEW),
    Route(("POST",), "/api/webrtc/<pc_id>/close", close_peer, Right.VIEW),
    Route(("OPTIONS",), "/whep", whep_options, None),
    Route(("POST",), "/whep", whep_offer, Right.VIEW),
    Route(("GET",), "/whep", whep_nothing, Right.VIEW),
    Route(("OPTIONS",), "/whep/<session_id>", whep_options, None),
    Route(("PATCH",), "/whep/<session_id>", whep_trickle, Right.VIEW),
    Route(("DELETE",), "/whep/<session_id>", whep_end, Right.VIEW),
    Route(("GET",), "/whep/<session_id>", whep_nothing, Right.VIEW),
    Route(("POST",), "/api/recording/start", start_recording, Right.RECORD),
    Route(("POST",), "/api/recording/stop", stop_recording, Right.RECORD),
    Route(("GET",), "/api/recording/status", recording_status, Right.VIEW),
    Route(("POST",), "/api/recording/heartbeat", keep_recording, Right.RECORD),
    Route(("POST",), "/api/recording/clip", save_clip, Right.RECORD),
    Route(("GET",), "/api/recordings", list_recordings, Right.REPLAY),
    Route(("GET",), "/api/recordings/<name>", get_recording, Right.REPLAY),
    Route(("DELETE",), "/api/recordings/<name>", delete_recording, Right.MANAGE),
    Route(("GET",), "/api/recordings/timeline", show_timeline, Right.REPLAY),
    Route(("GET",), "/api/recordings/days", show_days, Right.REPLAY),
    Route(("GET",), "/api/recordings/bin", list_bin, Right.MANAGE),
    Route(("DELETE",), "/api/recordings/bin", empty_bin, Right.MANAGE),
    Route(("DELETE",), "/api/recordings/bin/<name>", delete_for_good, Right.MANAGE),
    Route(("POST",), "/api/recordings/bin/<name>/restore", restore_recording, Right.MANAGE),
    Route(("PUT", "DELETE"), "/api/recordings/<name>/star", star_recording, Right.MANAGE),
    Route(("GET",), "/api/recordings/<name>/details", recording_details, Right.REPLAY),
    Route(("GET",), "/api/recordings/<name>/part", part_of_recording, Right.REPLAY),
    Route(("POST",), "/api/recordings/<name>/clip", save_part, Right.RECORD),
    Route(("GET",), "/api/recordings/<name>/thumbnail", get_thumbnail, Right.REPLAY),
    Route(("GET",), "/api/recordings/<name>/detections", get_detections, Right.REPLAY),
    Route(("GET",), "/api/snapshot.jpg", snapshot, Right.VIEW),
    Route(("GET",), "/api/stream/live.mp4", live_mp4, Right.VIEW),
    Route(("GET",), "/api/stream/live.h264", live_h264, Right.VIEW),
    Route(("GET",), "/api/stream/index.m3u8", hls_playlist, Right.VIEW),
    Route(("GET",), "/api/stream/hls/<session_id>/<name>", hls_file, Right.VIEW),
    Route(("GET",), "/api/stream/detections", stream_detections, Right.VIEW),
    Route(("GET",), "/health", health, None),
    Route(("GET",), "/livez", livez, None),
    Route(("GET",), "/readyz", readyz, None),
    Route(("GET",), "/api/debug/profile", show_profile, Right.OPERATE),
    Route(("GET",), "/api/debug/threads", show_threads, Right.OPERATE),
    Route(("GET",), "/api/debug/memory", show_memory, Right.OPERATE),
    Route(("GET",), "/api/debug/warnings", show_warnings, Right.OPERATE),
    Route(("GET",), "/api/openapi.json", openapi, None),
    Route(("GET",), "/api/messages.json", socket_messages, None),
    Route(("GET",), "/pet-stream/", dashboard, Right.VIEW),
    Route(("GET",), "/pet-stream/manifest.webmanifest", manifest, None),
    Route(("GET",), "/pet-stream/api/viewers", list_viewers, Right.MANAGE),
    Route(("DELETE",), "/pet-stream/api/viewers/<place_id>", end_viewer, Right.MANAGE),
    Route(("GET",), "/pet-stream/api/pause", show_pause, Right.VIEW),
    Route(("POST",), "/pet-stream/api/pause", begin_pause, Right.MANAGE),
    Route(("DELETE",), "/pet-stream/api/pause", end_pause, Right.MANAGE),
    Route(("GET",), "/pet-stream/api/settings", show_settings, Right.MANAGE),
    Route(("PATCH",), "/pet-stream/api/settings", change_settings, Right.MANAGE),
    Route(("GET",), "/pet-stream/api/publications", list_publications, Right.MANAGE),
    Route(("PUT",), "/pet-stream/api/publications/<number>", begin_publication, Right.MANAGE),
    Route(("DELETE",), "/pet-stream/api/publications/<number>", end_publication, Right.MANAGE),
    Route(("GET",), "/pet-stream/api/session", show_session, None),
    Route(("POST",), "/pet-stream/api/session", sign_in, None),
    Route(("DELETE",), "/pet-stream/api/session", sign_out, None),
    Route(("GET",), "/pet-stream/api/people", list_people, Right.MANAGE),
    Route(("POST",), "/pet-stream/api/invitations", invite, Right.MANAGE),
    Route(("POST",), "/pet-stream/api/links", make_link, Right.VIEW),
    Route(("POST",), "/pet-stream/api/tokens", add_token, Right.MANAGE),
    Route(("DELETE",), "/pet-stream/api/<kind>/<entry_id>", revoke, Right.MANAGE),
    Route(("POST",), "/pet-stream/api/devices", invite_device, Right.VIEW),
    Route(("PUT",), "/pet-stream/api/password", set_password, Right.VIEW),
)

WEBSOCKET_ROUTES = (
    Route(("GET",), "/api/stream/h264", stream_h264, Right.VIEW),
    Route(("GET",), "/api/stream/ws", stream_state, Right.VIEW),
)

METRICS_ROUTES = (Route(("GET",), "/metrics", metrics, Right.METRICS),)
METRICS_BESIDE = Route(("GET",), "/pet-stream/metrics", metrics, Right.METRICS)
"""For a host whose own exporter can't show ours."""

LEGACY_ROUTES = (
    Route(("POST",), "/offer", legacy_offer, Right.VIEW),
    Route(("POST",), "/start", legacy_start, Right.RECORD),
    Route(("POST",), "/stop", legacy_stop, Right.RECORD),
    Route(("GET", "POST"), "/status", legacy_status, Right.VIEW),
)


def build_blueprint(config: Config, metrics_routes: Collection[Route] = ()) -> Blueprint:
    """Returns the blueprint `pet_stream` with the routes that the settings ask for."""
    blueprint = Blueprint(
        "pet_stream",
        __name__,
        url_prefix=config.url_prefix or None,
        template_folder=str(find_folder("templates")),
    )
    blueprint.before_request(start_clock)
    blueprint.before_request(Access(_rights()).check)
    blueprint.before_request(limit_waiting)
    blueprint.before_request(ignore_absurd_dates)
    blueprint.before_request(prepare_websocket)
    blueprint.after_request(count_request)
    blueprint.after_request(add_common_headers)
    blueprint.after_request(add_security_headers)
    blueprint.after_request(add_cors_headers)
    blueprint.after_request(renew_cookie)
    blueprint.after_request(compress_page)
    blueprint.add_app_template_global(file_url, "pet_stream_file")
    blueprint.add_app_template_global(inlined, "pet_stream_inlined")
    blueprint.add_app_template_global(modules_of, "pet_stream_modules")
    blueprint.add_app_template_global(public_ice_servers, "pet_stream_ice_servers")
    blueprint.add_app_template_global(relative_url, "pet_stream_url")
    blueprint.add_url_rule(f"{STATIC_PATH}/<path:filename>", view_func=static)
    add_error_handlers(blueprint)
    legacy_routes = LEGACY_ROUTES if config.legacy_routes else ()
    for route in (*ROUTES, *metrics_routes, *legacy_routes):
        blueprint.add_url_rule(
            route.rule,
            view_func=route.view,
            methods=(*route.methods, "OPTIONS"),
            provide_automatic_options="OPTIONS" not in route.methods,
        )
    for route in WEBSOCKET_ROUTES:
        add_websocket(blueprint, route.rule, route.view)
    return blueprint


def _rights() -> dict[str, Right | None]:
    """Returns the right that each endpoint needs. An endpoint that is not in it serves nobody.
    Raises ValueError if a view has two rights."""
    routes = (*ROUTES, *WEBSOCKET_ROUTES, *METRICS_ROUTES, METRICS_BESIDE, *LEGACY_ROUTES)
    rights: dict[str, Right | None] = {"pet_stream.static": None}
    for route in routes:
        endpoint = f"pet_stream.{route.view.__name__}"
        if rights.setdefault(endpoint, route.right) is not route.right:
            raise ValueError(f"{endpoint} has two rights")
    return rights


def add_common_headers(response: Response) -> Response:
    if response.is_json:
        response.headers.setdefault("Cache-Control", "no-store")
    return response
