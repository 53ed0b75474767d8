"""The camera thread: from the shared memory to the broadcaster."""

from __future__ import annotations

import logging
import time
from queue import Empty, SimpleQueue
from typing import Final

from ..broadcaster import Broadcaster
from ..camera_status import CameraState, CameraStatus, entry_kind, entry_reason, spoken
from ..errors import MAX_FAILURES, SegmentError
from ..lifecycle import Pulse, Run, start_run
from ..media import ring
from ..media.h264 import SequenceParameterSet
from ..pause.pause import Pause
from ..reason import NO_REASON, Reason
from .access_units import AccessUnits
from .attachment import STALLED_S, Attachment
from .camera_stream import Cameras
from .capture_clock import CaptureClock, Now
from .counts import CameraCounts
from .pacing import Pacing
from .picture_order import PictureOrder
from .ring_reader import Begin, Picture, RingReader
from .segment import Segment, open_segment
from .source_urls import NO_SOURCES, SourceUrls
from .sources import DOUBT_LOOK_S, Sources

logger = logging.getLogger(__name__)

_RETRY_S: Final = 0.25
_CHECK_S: Final = 0.1
"""Time between two looks at what need not be known for each picture."""
_WRITING_LOOK_S: Final = 0.0002


class ShmReader:
    """Reads the ring behind `url` in a thread of its own and publishes access units.

    It may start before the camera, and follows it through every kind of restart: a missing, foreign
    or truncated segment is counted, logged once and tried again. Everything but `start`, `stop`,
    `wake`, `status` and the numbers in `counts` belongs to the camera thread. It also looks at the
    `pause`, and reads on while that is on, so that it is live again soon after.
    """

    def __init__(
        self,
        url: str,
        broadcaster: Broadcaster,
        name: str,
        pause: Pause | None = None,
        first_sequence: int = 0,
        sources: SourceUrls = NO_SOURCES,
    ) -> None:
        """`sources`: the rings that `url` may be a relay of."""
        self.run: Run | None = None
        """Its thread; None while it is stopped."""
        self._url = url
        self._broadcaster = broadcaster
        self._name = name
        self._pause = Pause() if pause is None else pause
        self.counts = CameraCounts()
        self._order = PictureOrder()
        self._cameras = Cameras()
        self._access_units = AccessUnits(self.counts, first_sequence)
        self._attachment: Attachment | None = None
        self._sources = Sources(url, sources)
        self._offline_reason = Reason("not_started", "reading has not started")
        self._found_at_s: float | None = None
        self._newest_at_s: float | None = None
        """When the newest picture came, at the earliest: while nobody watches, looks are rare."""
        self._looked_at_s = self._looked_before_s = 0.0
        self._check_due_s = 0.0
        self._wakes: SimpleQueue[None] = SimpleQueue()

    def start(self) -> Run:
        """Returns its thread. Idempotent. Raises Busy when no thread is to be had."""
        if self.run is None:
            self.run = start_run(f"{self._name}-camera", self._read, wake=self.wake)
        return self.run

    def stop(self, timeout_s: float = 2.0) -> None:
        """Idempotent."""
        run, self.run = self.run, None
        if run is not None:
            run.stop(timeout_s)

    def wake(self) -> None:
        """Look at once: somebody came or went, so the pace may have changed."""
        if self._wakes.empty():  # else one look is still to come, for all of them
            self._wakes.put(None)

    @property
    def status(self) -> CameraStatus:
        """Returns a snapshot; any thread may ask."""
        attachment = self._attachment
        video = self._access_units.video
        interval_s = attachment.pacing.interval_s if attachment is not None else None
        age_s = self._picture_age_s()
        state, reason = self._state(attachment)
        entry = entry_kind(self._broadcaster.entry_point)
        without_s = (time.monotonic_ns() - (self._broadcaster.clean_start_ns or 0)) / 1e9
        return CameraStatus(
            state=state,
            reason=reason,
            segment=self._url,
            picture_age_s=age_s,
            fps=None if interval_s is None else 1 / interval_s,
            has_parameter_sets=self._access_units.has_parameter_sets,
            video=video,
            clock=attachment.clock.name if attachment is not None else None,
            is_relayed=attachment is not None and attachment.reader.is_relayed,
            clock_fault=attachment.clock.fault if attachment is not None else "",
            entry=entry,
            entry_reason=entry_reason(entry, without_s) if state == "live" else NO_REASON,
            has_b_pictures=state == "live" and self._access_units.has_b_pictures,
            missing_set=self._access_units.missing_set if state == "live" else NO_REASON,
            camera_id=None if (newest := self._order.newest) is None else newest.camera_id,
            source=None if attachment is None else attachment.url,
            relay_fault=self._sources.reason,
            left_out=self._access_units.left_out if state == "live" else NO_REASON,
        )

    @property
    def next_sequence(self) -> int:
        """Of the next picture that is published."""
        return self._access_units.next_sequence

    @property
    def video(self) -> SequenceParameterSet | None:
        """The SPS of the newest IDR; None before the first one."""
        return self._access_units.video

    def _read(self, run: Run) -> None:
        failure_count = 0
        while not run.stop_requested.is_set():
            try:
                delay_s = self._run_once(run.pulse)
                failure_count = 0
            except Exception:
                failure_count += 1
                if failure_count >= MAX_FAILURES:
                    raise  # whoever watches the thread lets another one begin anew
                is_news = self._offline_reason.code != "read_failed"
                level = logging.ERROR if is_news else logging.DEBUG
                logger.log(level, "reading the camera failed, and is tried again", exc_info=True)
                self.counts.read_errors += 1
                self._detach(Reason("read_failed", "reading failed, see the log"))
                delay_s = _RETRY_S
            try:
                self._wakes.get(timeout=delay_s)  # the cheapest wait that another thread can end
            except Empty:
                pass
        self._detach(Reason("stopped", "reading was stopped"))

    def _run_once(self, pulse: Pulse) -> float:
        """Look once. Returns how long to wait before the next look, seconds."""
        looked_at_s = time.monotonic()
        self._looked_before_s, self._looked_at_s = self._looked_at_s, looked_at_s
        is_check_due = looked_at_s >= self._check_due_s
        if is_check_due:
            self._check_due_s = looked_at_s + _CHECK_S
            pulse.beat()
            self._pause.look()
        is_urgent, sources = self._broadcaster.has_urgent_subscriber, self._sources
        try:
            attachment = self._attachment or self._attach()
            if sources.camera_id is not None or attachment.reader.is_relayed:
                attachment = self._follow(attachment)
            pictures = attachment.reader.poll(is_urgent=is_urgent)
            if sources.camera_id is not None:
                pictures = sources.hold(pictures)
            if attachment.reader.new_writes and attachment.segment.is_resized():
                self._leave(Reason("segment_removed", "the camera made its shared memory anew"))
                return 0.0
            if pictures or attachment.reader.new_writes or not attachment.backlog.is_alive:
                self._publish(pictures, attachment, looked_at_s)
            if is_check_due:
                if attachment.is_gone(looked_at_s):
                    self._leave(Reason("segment_removed", "the camera removed its shared memory"))
                    return 0.0
                if self._state_of(attachment)[0] in ("stalled", "unusable"):
                    self._broadcaster.forget()
        except SegmentError as exc:
            self.counts.read_errors += 1
            self._leave(Reason(exc.code, str(exc)))
            return _RETRY_S
        now_s = time.monotonic()
        delay_s = attachment.pacing.delay_s(now_s, is_urgent=is_urgent)
        if sources.is_in_doubt:
            delay_s = min(delay_s, DOUBT_LOOK_S)
        if is_urgent and attachment.reader.is_write_in_progress and attachment.has_begun(now_s):
            return min(delay_s, _WRITING_LOOK_S)
        return delay_s

    def _publish(self, pictures: list[Picture], attachment: Attachment, looked_at_s: float) -> None:
        """Publish what a look found."""
        pacing = attachment.pacing
        is_first_look = attachment.written_at_s is None
        if new_writes := attachment.reader.new_writes:
            if attachment.written_at_s is not None:
                pacing.on_writes(new_writes, looked_at_s - attachment.written_at_s)
            attachment.written_at_s = looked_at_s
        if not attachment.backlog.is_alive:
            pictures = attachment.backlog.sift(pictures)
        if not pictures:
            return
        stamps = [(picture.header.camera_id, picture.header.captured_at_ns) for picture in pictures]
        times = attachment.clock.times_ns(stamps, Now.read())
        for picture, capture_ns in zip(pictures, times, strict=True):
            unit = self._access_units.make(picture, capture_ns)
            if unit is not None:
                self._broadcaster.publish(unit)
                published_ns = time.monotonic_ns()
                self.counts.frame_latency_ms = (published_ns - capture_ns) / 1e6
                self.counts.publishing.add(published_ns - capture_ns)
                self.counts.process_latency_ms = published_ns / 1e6 - looked_at_s * 1e3
            pacing.on_picture(capture_ns / 1e9, looked_at_s)
        captured_s = times[-1] / 1e9
        self._found_at_s = captured_s if is_first_look else looked_at_s
        came_s = captured_s if is_first_look else max(self._looked_before_s, captured_s)
        self._newest_at_s = min(came_s, looked_at_s)

    def _follow(self, attachment: Attachment) -> Attachment:
        """Returns what is to be read now: behind a relay the active camera's own ring."""
        sources = self._sources
        if not sources.urls or (sources.camera_id is None and not attachment.backlog.is_alive):
            return attachment  # a relay without a daemon repeats its last picture for ever
        interval_s, now_s = attachment.pacing.interval_s, time.monotonic()
        move = sources.look(
            now_s,
            attachment.reader,
            self._order.newest,
            silent_s=now_s - (self._found_at_s or attachment.since_s),
            interval_s=interval_s,
        )
        if move is None:
            return attachment
        held = sources.release(interval_s)
        after = self._read_from(move.url, move.segment, move.begin)
        after.clock = attachment.clock
        if move.begin.continues:
            after.backlog = attachment.backlog
        attachment.segment.close()
        sources.moved(move)
        self._publish(held, attachment, now_s)
        return after

    def _attach(self) -> Attachment:
        return self._read_from(self._url, open_segment(self._url, ring.RING_LAYOUTS))

    def _read_from(self, url: str, segment: Segment, begin: Begin | None = None) -> Attachment:
        now_s = time.monotonic()
        try:
            reader = RingReader(segment, self._order, self._cameras, self.counts, begin)
        except BaseException:  # whatever it is, nobody else would close the segment
            segment.close()
            raise
        self.counts.attachments += 1
        layout = reader.layout
        logger.info("attached to the camera's ring %s, layout %s", url, layout.name)
        self._attachment = Attachment(
            url=url,
            segment=segment,
            reader=reader,
            pacing=Pacing(layout.slot_count),
            clock=CaptureClock(self.counts),
            since_s=now_s,
            checked_at_s=now_s,
        )
        return self._attachment

    def _leave(self, reason: Reason) -> None:
        """The segment can't be read any more. If it was a camera's own ring, the relay is next."""
        attachment = self._attachment
        if attachment is None or self._sources.camera_id is None:
            self._detach(reason)
            return
        logger.warning("pictures come through the relay: %s", reason)
        self._sources.lose(time.monotonic())
        self._attachment = None
        attachment.segment.close()

    def _detach(self, reason: Reason) -> None:
        self._sources.close()
        attachment, self._attachment = self._attachment, None
        if attachment is not None:
            attachment.segment.close()
        self._broadcaster.forget()
        if reason != self._offline_reason:
            self._offline_reason = reason
            level = logging.INFO if reason.code == "stopped" else logging.WARNING
            logger.log(level, "camera offline: %s", reason)

    def _picture_age_s(self) -> float | None:
        newest_at_s = self._newest_at_s
        return None if newest_at_s is None else time.monotonic() - newest_at_s

    def _state_of(self, attachment: Attachment) -> tuple[CameraState, Reason]:
        return attachment.state(
            time.monotonic(), found_at_s=self._newest_at_s, refused=self.counts.refused
        )

    def _state(self, attachment: Attachment | None) -> tuple[CameraState, Reason]:
        if self._pause.is_on:
            return "paused", self._pause.state.reason
        if attachment is None:
            return "offline", self._offline_reason
        state, reason = self._state_of(attachment)
        if state != "live":
            return state, reason
        if (waits_s := self._access_units.waits_s) > STALLED_S:
            words = (
                f"the camera has sent pictures for {spoken(waits_s)}, but none to begin with (IDR)"
            )
            return "waiting", Reason("no_idr", words)
        if self._access_units.video is None:
            return "waiting", Reason("no_idr", "waiting for the first IDR")
        return state, reason
