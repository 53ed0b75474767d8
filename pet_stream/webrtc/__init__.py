"""Viewers over WebRTC: aiortc does ICE and DTLS, the camera's H.264 is passed through.

    lazy_peers    the entrance: imports aiortc, and what follows, when somebody wants to watch
      peers       answers offers, and owns each viewer from its offer to its end
        pending   offers whose viewers have not connected yet: which gives way to a newer one
        life      one viewer: whose it is, and what it holds
        peer      its connection, which answers an offer
      publications  connections to media servers, which take no viewer's place
        publication   one of them, which makes an offer
      connection  what both kinds have in common
      watch       the liveness checks of all, by one timer
      audience    hands each picture to every connected viewer's sender
      signaling/  offers and answers as values and text, pure
      sending/    a picture's way to one viewer's socket
      private/    every private name of aiortc, aioice and pylibsrtp: encryption, ICE, the guard

Offers are read in the request's thread; everything after that runs on the event-loop thread.
"""
