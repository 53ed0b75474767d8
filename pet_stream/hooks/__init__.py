"""Tells others what happens: as signals inside the host, and by HTTP (webhooks).

    hooks         the entrance: looks at what is known, tells of what has changed; its own thread
      changes     what has changed between two looks; pure
      event       what is told; pure
      outbox      what is not delivered yet, in a file
      delivery    one URL: sends what is for it, in order; a thread of its own
    ..webhook     one URL as the settings have it, and how what is sent there is signed
    ..signals     the signals

Nothing here is in the way of a picture or a request: what happens is noticed by looking, once a
second, and sent later.
"""
