"""Viewers and listeners over WebSockets. All of it on the event loop.

The entrance is `connections`, which owns each `connection` from its handshake to its end: read
(`incoming`, within bounds), written (`frames`) and looked after by one `ticker`. `loop_socket` is
the server's socket on the way from flask-sock to the loop.

What is sent: `video_viewers` (`video_messages`: pictures, each made into a message once for all)
and `live_state` (recording, viewers, camera and health, when they change).
"""
