"""From the shared memory to the broadcaster: the camera's pictures.

    shm_reader            the camera thread: attach, look, publish, wait
      segment, slots      bytes of another program's shared memory
      pacing, phase       when to look next
      capture_clock       the camera's time on CLOCK_MONOTONIC
      ring_reader         each new picture, whole and in order
        picture_order     which one is it?
        newest_slot       are these its bytes? The slot that is being written
        relay_copies      … and behind a relay, where `residue` knows old bytes
        cameras           at most eight, one shown at a time
          camera_stream   parses a picture once, follows it, completes its IDRs
      access_units        numbers and times what is published
      counts              what was seen so far

Everything belongs to the camera thread. What leaves is an `AccessUnit`.
"""
