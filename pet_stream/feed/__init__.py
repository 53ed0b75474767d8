"""The writer's side of the shared memory: any video source becomes a camera.

    feeding           until the source ends or a signal comes: `pet-stream feed`
      feeder          plays a source into a ring, in its own time
        sources       anything that PyAV opens, as encoded pictures
          passthrough H.264 that browsers can play, as it is
          encoding    anything else
        ring_writer   the rings of pictures and of detections, as the daemons write them
          owned_segment   a segment that only this process writes, and removes

The thread `feeder` owns source and ring; the main thread waits for it and for signals. `demo` plays
its film with the same writers.
"""
