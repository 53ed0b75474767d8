"""Viewers and pages over WebSockets.

    loop_socket       takes the server's socket from flask-sock, for the event loop
    connections       the entrance: owns each connection from its handshake to its end
      time_limits     how long a client may take for what
      pending         those without a place: which gives way to a newer one
      connection      one WebSocket: what is sent and heard, its liveness checks, its end
        incoming      reads what the client sends, within bounds
        frames        makes the frames that it is sent
    video_viewers     one room to join: H.264 for browsers without WebRTC
      video_outbox    what waits for one of them: all pictures, or fewer where the network is slow
      video_messages  makes each picture into a message, once for all viewers
      showing_times   when B pictures are shown
    live_state        the other room: recording, viewers, camera and health, when they change
      detection_feed  and what the detector saw, for pages that have subscribed
      state_outbox    holds what one page is to be told
    ticker            does something at an interval while it is needed

All of it runs on the event-loop thread, but for the handshake, which the request's thread does.
"""
