"""Requests, connections, the process, and whether all its parts live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..version import __version__
from . import process
from .row import COUNTER, GAUGE, HISTOGRAM, Labelled, Row

if TYPE_CHECKING:
    from ..stream import Stream


def _errors(stream: Stream) -> Labelled:
    counts = stream.errors.counts
    return {(kind.part, kind.kind, kind.severity.value): count for kind, count in counts.items()}


# fmt: off
SERVER = (
    Row(GAUGE, "pet_stream_running", "1 between start and stop",
        lambda s: s.is_running),
    Row(GAUGE, "pet_stream_build_info", "Always 1", lambda s: {(__version__,): 1},
        labels=("version",)),
    Row(GAUGE, "pet_stream_part_up", "1 while the part works, or has nothing to do",
        lambda s: {(part.name,): part.is_well for part in s.parts}, labels=("part",)),
    Row(GAUGE, "pet_stream_part_heartbeat_age_seconds",
        "Time since the part's last sign of life, while it has something to do",
        lambda s: {(part.name,): part.age_s for part in s.parts}, labels=("part",)),
    Row(COUNTER, "pet_stream_part_restarts_total",
        "Times that the part was started again, because it had died or was stuck",
        lambda s: {(part,): count for part, count in s.watcher.restart_counts.items()},
        labels=("part",)),
    Row(COUNTER, "pet_stream_errors_total",
        "Errors by the part in which they ended, the exception's class, and what the part did: "
        "`temporary` (it tries again), `degraded` (it goes on without), `fatal` (it stops)",
        _errors, labels=("part", "kind", "severity")),
    Row(COUNTER, "pet_stream_webhook_events_total",
        "Events that webhooks have taken, failed to take at one try, or will never get",
        lambda s: s.hooks.counts, labels=("result",)),
    Row(GAUGE, "pet_stream_webhook_events_waiting", "Events that webhooks have not taken yet",
        lambda s: s.hooks.waiting_count),
    Row(GAUGE, "pet_stream_loop_lag_seconds", "How late the event loop does what is due now",
        lambda s: s.event_loop.lag_s),
    Row(HISTOGRAM, "pet_stream_loop_delay_seconds",
        "How late the event loop was, at each of its heartbeats",
        lambda s: s.event_loop.delays.read()),
    Row(COUNTER, "pet_stream_process_cpu_seconds_total",
        "Processor time of this process, the host's part included",
        lambda s: process.cpu_s()),
    Row(GAUGE, "pet_stream_process_resident_memory_bytes", "Memory of this process",
        lambda s: process.resident_bytes()),
    Row(GAUGE, "pet_stream_process_open_descriptors",
        "Open files and sockets of this process",
        lambda s: process.open_descriptors()),
    Row(GAUGE, "pet_stream_process_start_time_seconds",
        "When this process was started, seconds since 1970",
        lambda s: process.started_at()),
    Row(COUNTER, "pet_stream_http_requests_total",
        "Requests to the routes of pet_stream; `route` is a URL rule",
        lambda s: s.http_counts.requests, labels=("method", "route", "status")),
    Row(HISTOGRAM, "pet_stream_http_request_duration_seconds",
        "Time to the first byte of the answer",
        lambda s: s.http_counts.durations, labels=("method", "route")),
    Row(COUNTER, "pet_stream_connections_refused_total",
        "Connections to `run` and `demo` closed at once, because too many were open",
        lambda s: s.connection_counts.refused),
    Row(COUNTER, "pet_stream_connections_ended_total",
        "Connections to `run` and `demo` closed for new ones, because they kept the server waiting",
        lambda s: s.connection_counts.ended),
    Row(COUNTER, "pet_stream_connections_timed_out_total",
        "Connections to `run` and `demo` that were too slow",
        lambda s: s.connection_counts.timed_out),
    Row(GAUGE, "pet_stream_host_faults",
        "Faults in how the host mounts or serves this, see /health",
        lambda s: len(s.host_check.faults)),
)
# fmt: on
