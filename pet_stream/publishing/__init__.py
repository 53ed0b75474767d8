"""Publishes the camera to media servers (WHIP, RFC 9725), which serve the many.

    publishers    all of them: the entrance
      publisher   one: connects, again and again, in a thread of its own
        whip      its requests

The connection itself is `webrtc.publications`, on the event-loop thread.
"""
