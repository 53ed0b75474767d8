"""Tells whether the installed releases have every private name that is used here."""

from __future__ import annotations

import asyncio
import inspect

import aioice
import pylibsrtp
from aioice import candidate, stun
from aiortc import (
    RTCCertificate,
    RTCDtlsTransport,
    RTCIceTransport,
    RTCRtpSender,
    rtcdtlstransport,
)
from aiortc.rtcicetransport import RTCIceGatherer


def missing_names() -> list[str]:
    """Returns the names and parameters used here that the installed releases do not have.

    Some of these objects need an event loop; if none is running, one is made. Any thread.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_missing_on_loop())
    return _missing()


async def _missing_on_loop() -> list[str]:
    return _missing()


def _missing() -> list[str]:
    transport = RTCIceTransport(RTCIceGatherer(iceServers=[]))
    connection = aioice.Connection(ice_controlling=False)
    dtls = RTCDtlsTransport(transport, [RTCCertificate.generateCertificate()])
    sender = RTCRtpSender("video", dtls)
    used: list[tuple[object, str, tuple[str, ...]]] = [
        (transport, "_connection", ()),
        (connection, "get_component_candidates", ("component", "addresses", "timeout")),
        (connection, "stun_server", ()),
        (connection, "build_request", ("pair", "nominate")),
        (connection, "remote_password", ()),
        (connection, "_nominated", ()),
        (connection, "_protocols", ()),
        (connection, "_check_list", ()),
        (connection, "_queue", ()),
        (connection, "local_password", ()),
        (connection, "data_received", ("data", "component")),
        (connection, "check_incoming", ("message", "addr", "protocol")),
        (aioice.ice.CandidatePair, "State", ()),
        (aioice.ice.StunProtocol, "datagram_received", ("data", "addr")),
        (aioice.ice.CandidatePair, "local_candidate", ()),
        (aioice.ice, "StunProtocol", ("receiver",)),
        (candidate, "candidate_foundation", ()),
        (candidate, "candidate_priority", ("local_pref",)),
        (aioice.ice, "CandidatePair", ("protocol", "remote_candidate")),
        (aioice.ice.CandidatePair, "remote_addr", ()),
        (aioice.ice.StunProtocol, "error_received", ()),
        (aioice.ice.StunProtocol, "request", ("integrity_key", "retransmissions")),
        (stun, "TransactionFailed", ()),
        (stun, "TransactionTimeout", ()),
        (RTCRtpSender, "_send_keyframe", ()),
        (dtls, "_tx_srtp", ()),
        (dtls, "_srtp_profiles", ()),
        (rtcdtlstransport, "SRTP_PROFILES", ()),
        (dtls, "_recv_next", ()),
        (dtls, "_ssl", ()),
        (rtcdtlstransport, "SSL", ()),
        (dtls, "encrypted", ()),
        (dtls, "_handle_rtcp_data", ("data",)),
        (dtls, "_rx_srtp", ()),
        (sender, "_ssrc", ()),
        (sender, "_rtx_ssrc", ()),
        (pylibsrtp.Session(), "_srtp", ()),
        (pylibsrtp, "ffi", ()),
        (pylibsrtp, "lib", ()),
        (getattr(pylibsrtp, "lib", None), "srtp_protect", ()),
    ]
    missing = []
    for owner, name, parameters in used:
        title = f"{getattr(owner, '__name__', type(owner).__name__)}.{name}"
        if not hasattr(owner, name):
            missing.append(title)
        elif parameters:
            known = inspect.signature(getattr(owner, name)).parameters
            missing += [
                f"{title}({parameter})" for parameter in parameters if parameter not in known
            ]
    return missing
