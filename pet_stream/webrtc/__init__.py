"""Viewers by WebRTC: SDP, ICE and DTLS by aiortc, H.264 passed through.

aiortc is imported only inside this package, which the extension imports lazily: see `lazy_peers`.
"""
