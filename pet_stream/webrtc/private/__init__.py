"""Every private name of aiortc, aioice and pylibsrtp that the project uses, and nothing else.

    guard          lets in only the datagrams that a viewer can have sent
      rtcp_budget  how much RTCP one viewer may send
    hosts          host candidates: addresses, ports, and a router's beside them
    ice            liveness checks, and where a viewer's packets go
    senders        SSRCs, and what a viewer says by RTCP
    srtp           encrypts packets in place
    cipher         measures which cipher this CPU is fastest at, and prefers it
    freeing        frees an ended connection at once
    names          which of the names are missing

A release may move these names. What needs them then does without; `missing_names` says which ones
are missing, for the test that runs with every supported release, and for `pet-stream doctor`. All
of it runs on the event-loop thread, but for `missing_names` and `cipher_costs`.
"""

from .cipher import CipherCost, cipher_costs, prefer_fastest
from .guard import Drop, Guard
from .hosts import offer_hosts
from .ice import (
    Destination,
    destination_of,
    is_reachable,
    nominated_pairs,
    on_refusal,
    send_by_transport,
    take_control,
)
from .names import missing_names
from .senders import (
    RtcpListener,
    listen_to_rtcp,
    on_keyframe_request,
    set_ssrcs,
    ssrcs_of,
    stop_listening,
)
from .srtp import SrtpBuffer, SrtpError, SrtpSession

__all__ = [
    "CipherCost",
    "Destination",
    "Drop",
    "Guard",
    "RtcpListener",
    "SrtpBuffer",
    "SrtpError",
    "SrtpSession",
    "cipher_costs",
    "destination_of",
    "is_reachable",
    "listen_to_rtcp",
    "missing_names",
    "nominated_pairs",
    "offer_hosts",
    "on_keyframe_request",
    "on_refusal",
    "prefer_fastest",
    "send_by_transport",
    "set_ssrcs",
    "ssrcs_of",
    "stop_listening",
    "take_control",
]
