"""Writes shared memory as a camera daemon does: any video source becomes a camera.

    feeding           the entrance: feeds until the source ends or a signal comes
      feeder          plays a source into a ring, in its own time
        sources       anything that PyAV opens, as encoded pictures
          passthrough passes H.264 on that browsers can play
          encoding    encodes anything else
        ring_writer   writes pictures and detections as the daemons do
          owned_segment   a segment that only this process writes, and removes if it made it

The thread `feeder` owns source and ring; the main thread waits for it and for signals. `demo` plays
its film by the same writers.
"""
