"""An error at each seam ends there: at every callback, view, subscriber and signal receiver.

    table           the seams of a running app, and how something fails at each
      seam          what one is
      camera        the camera's thread, the detections
      event_loop    the loop, and what is sent over WebSockets
      webrtc        viewers over WebRTC
      keeping       rights, places, recordings
      requests      views, the host's hooks and signals, our own web server
    rig             that app, with a camera and a viewer of each kind beside
    test_seams      each seam, with each kind of error
    test_processes  those of the whole process

A seam is where one part calls what another part, or the host, has given it.
"""
