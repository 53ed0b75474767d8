"""From the shared memory to the broadcaster: reads the camera's pictures.

    shm_reader            the entrance, and the camera thread: attach, look, publish, wait
      segment             another program's shared memory (`detections` reads through it, too)
      sources             behind a relay: the ring of the camera that is active
        source_urls       where the cameras' own rings are
      attachment          a segment that is being read, and what it tells of the camera
      backlog             what it held when it was opened: does its daemon live?
      pacing              when to look next
      ring_reader         takes each new picture, complete and in order
        slots             reads slots; is the one complete that is being written?
        picture_order     is the picture new?
        relay_copies      behind a relay: which copy has the right bytes? `residue`: the old bytes
        camera_stream     parses a picture once, follows its camera's reference chain
      capture_clock       when each picture was taken, whatever the camera's clock says
        clock_ages        is it a clock of this machine?
        clock_line        how a clock of its own runs
        arrival_times     for pictures whose stamps say nothing
      access_units        makes, numbers and times what is published; completes entry points
      counts              what the camera thread has seen so far; `refused`: what can't be used

Everything here belongs to the camera thread, unless a class says otherwise. What leaves is an
`AccessUnit`, which goes to the broadcaster.
"""
