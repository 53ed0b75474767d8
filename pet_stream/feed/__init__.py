"""Writes shared memory as a camera daemon does: any video source becomes a camera.

    feeding              the entrance: feeds until the source ends or a signal comes
      feeder             plays a source into a ring, in its own time
        source_picture   what is wanted of a source, and what it gives
        sources          one opened source: H.264, or anything that has to be encoded
          container      opens it, and chooses the video stream as players do
          timeline       its time stamps, made even
          h264_pictures  passes H.264 through while browsers play it, encodes it while not
            h264_units   its access units, each with what the checks say
            passthrough  the checks: profile, B pictures, distance of key frames
          encoding       encodes decoded pictures
            orientation  and turns them upright
        ring_writer      writes pictures and detections as the daemons do
          owned_segment  a segment that only this process writes, and removes if it made it

The thread `feeder` owns source and ring; the main thread waits for it and for signals. `demo` plays
its film by the same writers.
"""
