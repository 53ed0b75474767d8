"""MP4 files of one H.264 track (ISO/IEC 14496-12 and 14496-15). Pure.

    writing       the bytes of a file: its start, its fragments, its index
      pending_pictures  the next fragment: which pictures, decoded and shown when
    reading       what a file shows, for lists, cuts and thumbnails
    recovery      what can be shown of a file after a crash
      track       reads the `moov` box: the video track
      index       reads the sample table of a complete file
      fragments   reads the fragments of a file that still grows
      duration    tells how long a file is, whoever wrote it
        boxes     reads the boxes that a file consists of
    video_format  what all pictures of a file share: parameter sets and size
    sample_table  which pictures are in a file, and where

Files may come from anywhere: depth, number and size of their boxes are bounded, and malformed ones
raise BitstreamError. Reading goes through a `read_at` function of the caller, who owns the file.
"""
