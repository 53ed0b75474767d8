"""Makes files of what the camera sends. `library` finds, plays and deletes them.

    recorder                  the entrance, on the event loop: start, stop, clip, heartbeat
      names, target, settings   the name of a recording, its file, and its limits
      starts                  begins recordings, seldom enough, with their pre-roll
        journal, journal_entry    tells the next run of the server what runs: `interruption`
      clips                   saves what just happened, from memory
      session                 one recording or clip, on the event loop
        home_loop             the loop that it belongs to, until it moves to another
        limits                its length, its heartbeat, the server's end
        arrival               whether pictures come, and how long there were none
        writer                writes it, in a thread of its own
          files, open_file    its files in order; `.part` while they are written
            containers        the bytes of a file: growing MP4, or raw H.264
            sidecars          what the detector saw, beside each file
            belongings        what lies beside a file, and is renamed with it
            disk              create, sync, publish: in an order that survives a power cut
        session_status, progress    from these its status
      status                  what any thread may read about a recording

The writer takes pictures from a bounded queue: a disk that hangs delays the writer, never the loop.
"""
