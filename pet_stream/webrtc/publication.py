"""The connection by which the camera publishes itself to a media server."""

from __future__ import annotations

from aiortc.sdp import candidate_to_sdp

from ..media.h264 import SequenceParameterSet
from . import private
from .connection import Connection, ConnectionSetup
from .signaling.h264_format import H264Format
from .signaling.offer import SENT_EXTENSIONS
from .signaling.publication import (
    H264,
    RTX,
    LocalTransport,
    parse_publication_answer,
    publication_offer,
)


class Publication(Connection):
    """One connection to a media server. Everything on the event-loop thread.

    `offer`, `accept`, `live`, `close`, in this order; whoever makes one closes it.
    """

    def __init__(self, setup: ConnectionSetup) -> None:
        super().__init__(setup)
        private.take_control(self._ice)  # from its first check on, which comes before its answer
        numbers = {uri: number for number, uri in enumerate(SENT_EXTENSIONS, 1)}
        self.send_as(H264Format(H264, rtx_payload_type=RTX), numbers)

    async def offer(self, sps: SequenceParameterSet) -> str:
        """Returns the offer for the media server, with all candidates. Must not be cancelled."""
        gatherer, certificate = self._ice.iceGatherer, self._dtls.getLocalParameters()
        await gatherer.gather()
        local = gatherer.getLocalParameters()
        ssrc, rtx_ssrc = private.ssrcs_of(self._transceiver.sender)
        transport = LocalTransport(
            ice_ufrag=local.usernameFragment or "",
            ice_password=local.password or "",
            fingerprints=tuple(f"{f.algorithm} {f.value}" for f in certificate.fingerprints),
            candidates=tuple(map(candidate_to_sdp, gatherer.getLocalCandidates())),
            ssrc=ssrc,
            rtx_ssrc=rtx_ssrc,
        )
        return publication_offer(transport, sps)

    async def accept(self, sdp: str) -> None:
        """Begin to connect to the media server that has answered by `sdp`. Raises InvalidOffer,
        NoUsableH264. Must not be cancelled."""
        offer, h264_format = parse_publication_answer(sdp)
        self.sender.agree(h264_format, offer.extension_numbers)
        await self.take(offer, h264_format, h264_format.profile_level_id)
