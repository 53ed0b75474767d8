"""Finds, reads and deletes recordings. The folder is the only list of them.

    library             the entrance for requests: list, open, star, delete; any thread
      listing, details    the rows of the list; what the files themselves say
      folder_listing      keeps the list until the folder changes
      cutting             a part of a recording, or its files joined: a `composite_file`
      cuts                tells what a cut gives, and saves one as a recording of its own
      recorded_detections what the detector saw in it
      facts               keeps what files say, over restarts; `fact_reader` reads the rest
      timeline            when was recorded: on a day, and on which days
      gaps                where pictures are missing in it
      ready_files         keeps these for players, which read in many small ranges
    archive             keeps the folder over time; its work runs in the housekeeping thread
      housekeeping        that thread: one task at a time
      ownership           one process records into a folder
      crash_recovery      repairs unfinished files
      resumption          what the last run left in the middle goes on
      retention           deletes old ones, empties the bin; `ages`, `clock`: how old they are
      thumbnails          a small picture of each recording
      folder_check        whether a recording could begin
    bin                 keeps what was deleted: `bin_moves`, `binned`, `folder_lock`
    folder_watch        whether the folder has changed, for open pages
    snapshots           the current picture as JPEG
    pictures            decodes one picture, for thumbnails and snapshots
    short_queue         one expensive task at a time, behind a short queue

Any thread may use a class here, unless its docstring names one.
"""
