"""What the camera's detector saw, matched with the pictures that it is about.

    listeners         the entrance: who listens, and the detections thread
      listener        a bounded queue for each
      memory          what was seen lately, for files that begin in the past
      segment         reads the detector's shared memory
      updates         matches each record with its picture
        picture_times the capture times of the last pictures, by their numbers

The thread `…-detections` runs while somebody listens; for a recording and for the memory only while
there is a detector. It reads the segment, matches, and puts each `Sighting` into every queue.
`segment`, `updates` and `picture_times` belong to it.
"""
