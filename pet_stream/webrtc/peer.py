"""One viewer's connection, from its offer to its end."""

from __future__ import annotations

from aiortc.sdp import candidate_from_sdp

from ..errors import BadCandidate, NoIceRestart
from .connection import Connection, ConnectionSetup
from .signaling.candidates import MAX_CANDIDATES, usable_candidate
from .signaling.fragment import Fragment
from .signaling.h264_format import H264Format
from .signaling.offer import Offer


class Peer(Connection):
    """One viewer. Everything on the event-loop thread.

    `negotiate`, `live`, `close`, in this order; whoever makes a Peer closes it.
    """

    def __init__(
        self, pc_id: str, h264_format: H264Format, offer: Offer, setup: ConnectionSetup
    ) -> None:
        super().__init__(setup)
        self.send_as(h264_format, offer.extension_numbers)
        self.pc_id = pc_id
        self._h264_format = h264_format
        self._offer = offer
        self._candidate_count = len(offer.candidates)

    async def negotiate(self, profile_level_id: str) -> str:
        """Returns the answer to the offer, with all host candidates. Must not be cancelled."""
        return await self.take(self._offer, self._h264_format, profile_level_id)

    def usable_candidate(
        self, candidate: str, mid: str | None, ice_ufrag: str | None
    ) -> str | None:
        """Returns `candidate` as `add_candidate` takes it, None if it can't be used. Any thread.

        Raises BadCandidate.
        """
        if mid not in self._mids:
            raise BadCandidate("A candidate of another media section")
        if ice_ufrag not in (None, self._offer.ice_ufrag):
            raise BadCandidate("A candidate of another offer")
        if self._candidate_count >= MAX_CANDIDATES:
            raise BadCandidate(f"More than {MAX_CANDIDATES} candidates")
        return usable_candidate(candidate)

    def usable_candidates(self, fragment: Fragment) -> list[str]:
        """Returns the candidates of `fragment` as `add_candidate` takes them, without those that
        can't be used and those of sections that were refused. Any thread.

        Raises BadCandidate, and NoIceRestart.
        """
        if not fragment.is_of(self._offer.ice_ufrag, self._offer.ice_password):
            raise NoIceRestart
        own = [candidate for mid, candidate in fragment.candidates if mid in self._mids]
        usable = [self.usable_candidate(candidate, None, None) for candidate in own]
        return list(filter(None, usable))

    async def add_candidate(self, usable: str) -> None:
        """Check one more address of the viewer's, if none works yet.

        The end of candidates is not passed on: aioice would then stop waiting for the viewer's own
        checks, the only way to find addresses that it never tells (`.local` names).
        """
        if self._candidate_count < MAX_CANDIDATES:
            self._candidate_count += 1
            if not (self._connected.done() or self.is_ending):
                await self._ice.addRemoteCandidate(candidate_from_sdp(usable))

    @property
    def short_id(self) -> str:
        """The id for logs: whoever knows the whole one may close the peer."""
        return self.pc_id[:6]

    @property
    def _is_coming(self) -> bool:
        return self._candidate_count > len(self._offer.candidates)

    @property
    def _mids(self) -> tuple[str | None, ...]:
        """What its candidates may name: nothing, or a section that uses its transport."""
        return None, self._offer.mid, *(section.mid for section in self._offer.bundle)
