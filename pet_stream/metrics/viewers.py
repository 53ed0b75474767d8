"""Viewers over WebRTC and WebSockets, and pages that listen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..histogram import Buckets
from .row import COUNTER, GAUGE, HISTOGRAM, Labelled, Row

if TYPE_CHECKING:
    from ..publishing.publisher import PublishStatus
    from ..stream import Stream


TRANSPORTS = ("webrtc", "websocket", "whep", "mp4", "h264", "hls")
THINNING = ("webrtc", "websocket", "whep")


def webrtc_count(count: str) -> Callable[[Stream], float]:
    """Returns a reader of a field of `PeerCounts`; 0 until somebody watches."""
    return lambda s: 0 if s.peers.made is None else getattr(s.peers.made.counts, count)


def _webrtc_histogram(stream: Stream, name: str) -> Buckets | None:
    peers = stream.peers.made
    return None if peers is None else getattr(peers.counts, name).read()


def _first_pictures(stream: Stream) -> Labelled:
    waits: dict[tuple[str, ...], Buckets] = {
        ("websocket",): stream.video_viewers.first_pictures.waits.read()
    }
    if (peers := stream.peers.made) is not None:
        waits["webrtc",] = peers.first_pictures.waits.read()
    return waits


def _rejected(stream: Stream) -> Labelled:
    peers = stream.peers.made
    came_too_late = 0 if peers is None else peers.counts.came_too_late
    rejected = {**stream.http_counts.rejected, "came_too_late": came_too_late}
    return {(code,): count for code, count in rejected.items()}


def _by_transport(stream: Stream) -> Labelled:
    transports = stream.places.count_by_transport
    return {(name,): transports[name] for name in sorted({*TRANSPORTS, *transports})}


def _thinned_now(stream: Stream) -> Labelled:
    transports = stream.places.thinned_by_transport
    return {(name,): transports[name] for name in sorted({*THINNING, *transports})}


def _thinned_ever(stream: Stream) -> Labelled:
    return {
        ("webrtc",): webrtc_count("thinned")(stream),
        ("websocket",): stream.video_viewers.counts.thinned,
    }


def _by_step(stream: Stream) -> Labelled:
    peers = stream.peers.made
    steps = {} if peers is None else peers.count_by_step()
    return {(step.value,): count for step, count in steps.items()}


def _dropped_datagrams(stream: Stream) -> Labelled:
    peers = stream.peers.made
    drops = {} if peers is None else peers.counts.datagrams_dropped
    return {(reason.value,): count for reason, count in drops.items()}


def _publications(stream: Stream, read: Callable[[PublishStatus], float]) -> Labelled:
    return {(status.target,): read(status) for status in stream.publishers.statuses}


# fmt: off
VIEWERS = (
    Row(GAUGE, "pet_stream_max_clients", "Viewers that are let in at once",
        lambda s: s.places.max_clients),
    Row(COUNTER, "pet_stream_viewers_rejected_total",
        "Viewers that were not let in, by the code of the error that they were answered with, such "
        "as `full`, or `came_too_late`: all places were taken before it connected",
        _rejected, labels=("reason",)),
    Row(HISTOGRAM, "pet_stream_published_to_sent_seconds",
        "From the publication of a picture until it is sent to the last viewer; the oldest one of "
        "those sent together",
        lambda s: s.fan_out.sending.read()),
    Row(HISTOGRAM, "pet_stream_first_picture_seconds",
        "From a viewer's offer, or its WebSocket, to its first picture; by `webrtc` (WHEP, too), "
        "`websocket`",
        _first_pictures, labels=("transport",)),
    Row(GAUGE, "pet_stream_viewers_by_transport",
        "Viewers now, by the way they came: `webrtc`, `websocket`, `whep`, `mp4`, `h264`, "
        "`hls`",
        _by_transport, labels=("transport",)),
    Row(GAUGE, "pet_stream_viewers_thinned",
        "Viewers that are sent entry points only now, because their links can't carry the stream; "
        "by `webrtc`, `websocket`, `whep`",
        _thinned_now, labels=("transport",)),
    Row(COUNTER, "pet_stream_thinned_total",
        "How many times that has begun; by `webrtc` (WHEP, too), `websocket`",
        _thinned_ever, labels=("transport",)),
    Row(GAUGE, "pet_stream_viewers_by_sender",
        "WebRTC viewers by how packets are sent to them, the cheapest first: `gso`, `packets`, "
        "`transport`, `stock`",
        _by_step, labels=("step",)),
    Row(COUNTER, "pet_stream_webrtc_connections_total", "Viewers that connected",
        webrtc_count("connections")),
    Row(GAUGE, "pet_stream_webrtc_pending_offers",
        "Offers whose viewers have not connected yet; they take no place",
        lambda s: 0 if s.peers.made is None else s.peers.made.pending_count),
    Row(COUNTER, "pet_stream_webrtc_gave_way_total",
        "Offers that gave way to newer ones before they connected",
        webrtc_count("gave_way")),
    Row(COUNTER, "pet_stream_webrtc_came_too_late_total",
        "Viewers that connected when all places were taken",
        webrtc_count("came_too_late")),
    Row(COUNTER, "pet_stream_webrtc_offers_refused_total",
        "Offers refused because too many were being answered",
        lambda s: s.offer_turns.refused_count),
    Row(COUNTER, "pet_stream_webrtc_vanished_total", "Viewers that vanished without closing",
        webrtc_count("vanished")),
    Row(COUNTER, "pet_stream_webrtc_keyframe_requests_total", "Pictures asked for by PLI or FIR",
        webrtc_count("keyframe_requests")),
    Row(COUNTER, "pet_stream_webrtc_packets_nacked_total",
        "RTP packets that viewers asked for again (NACK)",
        webrtc_count("packets_nacked")),
    Row(COUNTER, "pet_stream_webrtc_packets_retransmitted_total",
        "RTP packets sent once more because a viewer missed them",
        webrtc_count("packets_retransmitted")),
    Row(HISTOGRAM, "pet_stream_webrtc_round_trip_seconds",
        "Round-trip time by each report of a viewer's, about one a second",
        lambda s: _webrtc_histogram(s, "round_trips")),
    Row(HISTOGRAM, "pet_stream_webrtc_packet_loss_ratio",
        "Share of packets that got lost before each report of a viewer's",
        lambda s: _webrtc_histogram(s, "losses")),
    Row(COUNTER, "pet_stream_webrtc_datagrams_dropped_total",
        "Datagrams to viewers' ports that no viewer should send",
        _dropped_datagrams, labels=("reason",)),
    Row(GAUGE, "pet_stream_websocket_viewers", "Viewers over WebSockets now",
        lambda s: s.websocket_viewer_count),
    Row(COUNTER, "pet_stream_websocket_frames_sent_total",
        "Access units sent over WebSockets, all viewers together",
        lambda s: s.video_viewers.counts.frames_sent),
    Row(COUNTER, "pet_stream_websocket_frames_dropped_total",
        "Access units dropped because viewers over WebSockets were too slow",
        lambda s: s.video_viewers.counts.frames_dropped),
    Row(COUNTER, "pet_stream_websocket_vanished_total",
        "WebSockets ended because the client no longer sent or read anything",
        lambda s: s.connections.vanished_count),
    Row(COUNTER, "pet_stream_websocket_refused_total",
        "WebSockets ended because the client sent too much, or malformed frames",
        lambda s: s.connections.refused_count),
    Row(COUNTER, "pet_stream_http_pictures_dropped_total",
        "Access units left out of `live.mp4` and `live.h264` because viewers were too slow",
        lambda s: s.http_viewers.dropped_count),
    Row(COUNTER, "pet_stream_hls_parts_made_total",
        "Parts of HLS that were made, each once for all viewers",
        lambda s: s.hls_window.made_count),
    Row(GAUGE, "pet_stream_state_listeners", "Pages that follow the live state now",
        lambda s: s.live_state.listener_count),
    Row(GAUGE, "pet_stream_detections_listeners", "Pages that follow the detections now",
        lambda s: None if s.detections is None
        else s.detections.listener_count + s.live_state.feed.subscriber_count),
    Row(GAUGE, "pet_stream_publication_live", "1 while the media server gets the pictures",
        lambda s: _publications(s, lambda status: status.state == "live"), labels=("target",)),
    Row(COUNTER, "pet_stream_publication_tries_total",
        "Times that it was tried to connect to the media server",
        lambda s: _publications(s, lambda status: status.tries), labels=("target",)),
    Row(COUNTER, "pet_stream_publication_connections_total",
        "Times that the media server began to get the pictures",
        lambda s: _publications(s, lambda status: status.connections), labels=("target",)),
)
# fmt: on
