"""Who watches over HLS: whoever has asked for something lately."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..admission.places import SWEEP_INTERVAL_S, Ending, Occupant, Place, Places
from ..errors import NotFound, Superseded
from ..rights import Grant

LAPSES_AFTER_TARGETS = 3
"""A viewer who asks for nothing for so many target durations has gone."""
_MAX_REMEMBERED = 256
_ID = re.compile(r"([A-Za-z0-9_-]{12})\.([A-Za-z0-9_-]{22})", re.ASCII)


@dataclass(slots=True, eq=False)
class _Session:
    place: Place
    sweeps_left: float = 0


class Sessions:
    """Any thread.

    An id can't be guessed, and is good for whom it was made for only; it is signed, so that ids
    which nobody uses cost nothing. A place is taken when the first playlist is asked for by it, and
    again when somebody comes back after a while.
    """

    def __init__(self, places: Places, on_empty: Callable[[], object] = lambda: None) -> None:
        """`on_empty` is called when nobody watches any more."""
        self._places = places
        self._on_empty = on_empty
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._ended: OrderedDict[str, Ending] = OrderedDict()

    @property
    def active_count(self) -> int:
        return len(self._sessions)

    def make_id(self, holder: str) -> str:
        """Returns an id for `holder`, as `Grant.holder`."""
        nonce = secrets.token_urlsafe(9)
        return f"{nonce}.{self._signature(nonce, holder)}"

    def ask(self, session_id: str, grant: Grant, client: str, target_s: float) -> None:
        """Somebody asks by this id, and counts as a viewer for LAPSES_AFTER_TARGETS target
        durations. Raises NotFound if the id is none of ours or another's, or its viewing was ended;
        Superseded, Full. Whoever waits asks again and again."""
        if not self._is_ours(session_id, grant.holder):
            raise NotFound("No such viewer")
        sweeps = LAPSES_AFTER_TARGETS * target_s / SWEEP_INTERVAL_S
        with self._lock:
            self._check_ended(session_id)
            if session := self._sessions.get(session_id):
                session.sweeps_left = sweeps
                return
        occupant = Occupant(
            end=partial(self._end, session_id),
            name=grant.name,
            holder=grant.holder,
            is_owner=grant.is_owners,
            client=client,
            transport="hls",
        )
        place = self._places.acquire(occupant)
        with self._lock:
            other = self._sessions.setdefault(session_id, _Session(place))
            other.sweeps_left = sweeps
        if other.place is not place:  # it has asked twice at once
            place.release()

    def sweep(self) -> bool:
        """End those that have asked for nothing for too long. The event loop's ticker calls this
        regularly. Returns whether there are any left."""
        lapsed: list[_Session] = []
        with self._lock:
            had_any = bool(self._sessions)
            for session_id, session in tuple(self._sessions.items()):
                session.sweeps_left -= 1
                if session.sweeps_left <= 0:
                    lapsed.append(self._sessions.pop(session_id))
                else:
                    session.place.renew()
            has_any = bool(self._sessions)
        for session in lapsed:
            session.place.release()
        if had_any and not has_any:
            self._on_empty()
        return has_any

    def end_all(self) -> None:
        """The stream stops."""
        with self._lock:
            sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            session.place.release()
        self._on_empty()

    def _end(self, session_id: str, why: Ending) -> None:
        """Its place was taken away: whoever has the id does not get another one by it."""
        with self._lock:
            self._sessions.pop(session_id, None)
            self._ended[session_id] = why
            while len(self._ended) > _MAX_REMEMBERED:
                self._ended.popitem(last=False)

    def _check_ended(self, session_id: str) -> None:
        why = self._ended.get(session_id)
        if why is Ending.SUPERSEDED:
            raise Superseded
        if why is not None:
            raise NotFound("This viewing has been ended")

    def _is_ours(self, session_id: str, holder: str) -> bool:
        match = _ID.fullmatch(session_id)
        return match is not None and hmac.compare_digest(
            match[2], self._signature(match[1], holder)
        )

    def _signature(self, nonce: str, holder: str) -> str:
        text = f"{nonce} {holder}".encode(errors="surrogatepass")
        return urlsafe_b64encode(hmac.digest(self._key, text, "sha256")[:16]).decode().rstrip("=")
