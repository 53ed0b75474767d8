"""Lets in only the datagrams that a viewer can have sent: a guard before aioice, OpenSSL, libsrtp.

They take every datagram from any stranger. An empty or a long one ends aiortc's reader, a
stranger's ClientHello takes the viewer's place, and nothing bounds what waits.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import aioice
from aiortc import RTCDtlsTransport, rtcdtlstransport

from ...admission.token_bucket import TokenBucket
from ...media.stun import answered_transaction, is_stun, proves
from ...supervision.error_counts import ErrorCounts
from .freeing import cut_cycles, without_traceback
from .ice import connection_of
from .rtcp_budget import RtcpBudget

logger = logging.getLogger(__name__)

MAX_DATAGRAM_BYTES = 1500
"""The most that libsrtp's binding takes; no DTLS, SRTP or STUN datagram is longer."""
MAX_WAITING = 64
"""Datagrams in aioice's queue; a handshake has ten."""
MAX_ADDRESSES = 64
"""From which one viewer may have proved itself, including the networks that it has left."""
_STUN = 100
"""Proved datagrams a second, and as many at once; browsers send 20."""
_DTLS = 50
_FAILURES = 300
"""More than datagrams can cause: the reader itself fails, and would for ever."""

_RTCP_TYPES = frozenset(bytes([packet_type]) for packet_type in range(192, 224))
"""Second byte (RFC 5761 section 4)."""
_dtls: Any = rtcdtlstransport
_SUCCEEDED = aioice.ice.CandidatePair.State.SUCCEEDED


class Drop(Enum):
    """Why a datagram goes no further."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    UNCHECKED = "unchecked"
    """Not STUN, from an address that no connectivity check has confirmed."""
    UNPROVED = "unproved"
    """STUN that proves neither to know the password of our answer nor to answer our check."""
    UNWANTED = "unwanted"
    """RTP, which viewers do not send here, or nothing that is known (RFC 7983)."""
    OVER_BUDGET = "over_budget"
    """More STUN, DTLS or RTCP than any viewer needs."""
    BACKLOG = "backlog"
    MALFORMED = "malformed"
    """A parser failed on it."""


class Guard:
    """Lets in what a viewer can have sent. On the event-loop thread.

    STUN has to prove what only our answer has told, the password, or to answer a check of ours.
    Everything else has to come from an address of a pair that was checked (RFC 8445 section 12.2,
    RFC 7983), and within a budget, which is asked before anything is parsed or decrypted.
    """

    def __init__(
        self,
        transport: RTCDtlsTransport,
        drops: Counter[Drop],
        errors: ErrorCounts | None = None,
    ) -> None:
        """Call it before gathering, after `offer_hosts`. Counts what is dropped in `drops`."""
        self._errors = errors or ErrorCounts()
        self.heard_count = 0
        """Packets that have proved to be the viewer's: ICE checks and RTCP."""
        self.rtcp = RtcpBudget()
        self._drops = drops
        self._stun = _a_second(_STUN)
        self._dtls = _a_second(_DTLS)
        self._failures = _a_second(_FAILURES)
        self._has_records = False
        self._addresses: set[tuple[str, int]] = set()
        """From which the viewer has proved itself."""
        self._overridden: list[tuple[Any, str]] = []
        self._transport: Any = transport
        self._connection = connection_of(transport.transport)
        try:
            self._stand()
        except AttributeError as exc:
            logger.warning(
                "what strangers send reaches aiortc: with aioice %s there is no guard: %s",
                aioice.__version__,
                exc,
            )

    def watch_rtcp(self) -> None:
        """Call it when DTLS is through."""
        session = getattr(self._transport, "_rx_srtp", None)
        if session is not None:
            self._override(
                session, "unprotect_rtcp", partial(self._unprotect, session.unprotect_rtcp)
            )

    def leave(self) -> None:
        """Give everything back: the connection is closed. Idempotent."""
        for owner, name in self._overridden:
            vars(owner).pop(name, None)
        self._overridden.clear()
        cut_cycles(self._transport)

    # Putting the guard in its place

    def _stand(self) -> None:
        connection, transport = self._connection, self._transport
        self._password = connection.local_password.encode()
        self._deliver = connection.data_received
        gather, check, receive = (
            connection.get_component_candidates,
            connection.check_incoming,
            transport._recv_next,
        )
        connection._queue.qsize  # noqa: B018
        self._override(connection, "data_received", self._handle_early)
        self._override(connection, "get_component_candidates", partial(self._gather, gather))
        self._override(connection, "check_incoming", partial(self._handle_check, check))
        self._override(transport, "_recv_next", partial(self._receive_next, receive))

    def _override(self, owner: Any, name: str, function: Callable[..., object]) -> None:
        setattr(owner, name, function)
        self._overridden.append((owner, name))

    async def _gather(self, gather: Callable[..., Any], **options: Any) -> object:
        candidates = await gather(**options)
        for protocol in self._connection._protocols:
            take = partial(self._take, protocol, protocol.datagram_received)
            self._override(protocol, "datagram_received", take)
            self._override(protocol, "request", partial(without_traceback, protocol.request))
            if hasattr(protocol.transport, "max_size"):
                # asyncio's own has 256 KiB, which malloc maps anew for each datagram: 20 µs, not 5
                protocol.transport.max_size = MAX_DATAGRAM_BYTES + 1
        return candidates

    def _handle_early(self, data: bytes | None, component: int | None) -> None:
        """In the place of `data_received`, until the sockets are guarded: nobody has our answer
        yet."""
        if data is None:  # aioice up to 0.11: a socket is closed
            self._deliver(data, component)
        else:
            self._drop(Drop.UNCHECKED)

    # What is let in

    def _take(
        self, protocol: Any, receive: Callable[..., object], data: bytes, address: tuple[Any, ...]
    ) -> None:
        """In the place of a socket's `datagram_received`."""
        try:
            self._sift(protocol, receive, data, address)
        except Exception as exc:  # ours: parsers' errors don't come here
            self._errors.end("webrtc", exc, "a datagram is dropped, because it could not be judged")
            self._drop(Drop.MALFORMED)

    def _sift(
        self, protocol: Any, receive: Callable[..., object], data: bytes, address: tuple[Any, ...]
    ) -> None:
        if not data:
            self._drop(Drop.EMPTY)
        elif len(data) > MAX_DATAGRAM_BYTES:
            self._drop(Drop.TOO_LONG)
        elif is_stun(data):
            self._take_stun(protocol, receive, data, address)
        elif not self._is_checked(address[:2]):
            self._drop(Drop.UNCHECKED)
        elif 20 <= data[0] < 64:
            self._take_dtls(protocol, data)
        elif 128 <= data[0] < 192 and data[1:2] in _RTCP_TYPES:
            self._take_rtcp(protocol, data)
        else:
            self._drop(Drop.UNWANTED)

    def _take_stun(
        self, protocol: Any, receive: Callable[..., object], data: bytes, address: tuple[Any, ...]
    ) -> None:
        transaction = answered_transaction(data)
        if transaction is None:
            is_expected = proves(data, self._password) and self._has_room_for(address[:2])
        else:
            is_expected = transaction in protocol.transactions
        if not is_expected:
            self._drop(Drop.UNPROVED)
        elif not self._stun.try_take():
            self._drop(Drop.OVER_BUDGET)
        else:
            try:
                receive(data, address)
            except Exception as exc:
                logger.debug("STUN that aioice can't read: %r", exc)
                self._drop(Drop.MALFORMED)

    def _take_dtls(self, protocol: Any, data: bytes) -> None:
        if not self._dtls.try_take():
            self._drop(Drop.OVER_BUDGET)
        else:
            self._has_records = True
            self._pass(protocol, data)

    def _take_rtcp(self, protocol: Any, data: bytes) -> None:
        if self.rtcp.take():
            self._pass(protocol, data)
        else:
            self._drop(Drop.OVER_BUDGET)

    def _pass(self, protocol: Any, data: bytes) -> None:
        if self._connection._queue.qsize() < MAX_WAITING:
            self._deliver(data, protocol.local_candidate.component)
        else:
            self._drop(Drop.BACKLOG)

    def _drop(self, reason: Drop) -> None:
        self._drops[reason] += 1

    def _has_room_for(self, address: tuple[Any, ...]) -> bool:
        return address in self._addresses or len(self._addresses) < MAX_ADDRESSES

    def _is_checked(self, address: tuple[Any, ...]) -> bool:
        """A viewer may send as soon as we have answered its check; our own may come later."""
        return address in self._addresses or any(
            pair.state is _SUCCEEDED and pair.remote_addr == address
            for pair in self._connection._check_list
        )

    # What is done with it

    def _handle_check(
        self, check: Callable[..., object], message: object, address: tuple[str, int], protocol: Any
    ) -> None:
        """In the place of aioice's `check_incoming`: `message` has proved to be the viewer's."""
        self.heard_count += 1
        self._addresses.add(address)
        check(message, address, protocol)

    def _unprotect(self, unprotect: Callable[[bytes], bytes], data: bytes) -> bytes:
        plain = unprotect(data)
        self.heard_count += 1
        self.rtcp.prove()
        return plain

    async def _receive_next(self, receive: Callable[[], Any]) -> None:
        """In the place of aiortc's `_recv_next`: a datagram that can't be read ends nobody."""
        try:
            await receive()
            if self._has_records:
                self._read_records()
        except ConnectionError:
            raise
        except Exception:
            if not self._failures.try_take():
                raise
            logger.debug("a viewer's datagram can't be read", exc_info=True)
            self._drop(Drop.MALFORMED)

    def _read_records(self) -> None:
        """aiortc reads one record of each datagram; the others would pile up in OpenSSL."""
        self._has_records = False
        try:
            while self._transport.encrypted:
                self._transport._ssl.recv(MAX_DATAGRAM_BYTES)
        except _dtls.SSL.ZeroReturnError:
            raise ConnectionError("The viewer has closed DTLS") from None
        except _dtls.SSL.Error:  # no more
            pass


def _a_second(count: int) -> TokenBucket:
    return TokenBucket(count, 1 / count)
