"""Viewers by WebRTC: SDP, ICE and DTLS by aiortc, H.264 passed through. On the event-loop thread.

aiortc is imported only inside this package, and this package lazily: see `lazy_peers`.

- The entrance is `peers`: an offer in, an answer out, and a life for each viewer (`pending`,
  `peer`, `watch`). `signaling/`: offers and answers as values and text, pure.
- A picture comes in at `audience` and goes to each viewer's sender, which `sending/` has chosen.
- `private/`: every private name of aiortc, aioice and pylibsrtp; encryption, ICE and the guard.
"""
