"""Viewers over plain HTTP: one answer without an end, for whatever plays a URL.

    viewers    the entrance: all of them, their leases and counts
      viewer   one viewer: waits for pictures, gives out bytes, ends
        formats  the bytes: MP4 that only grows, or H.264 as it is

Each viewer is served by a thread of the web server, which waits in the viewer's `__next__`. A
viewer may be ended by any thread.
"""
