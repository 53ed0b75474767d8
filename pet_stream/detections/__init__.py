"""What the camera's detector saw, matched with the pictures that it is about.

    listeners         the entrance: a bounded queue for each listener, and the detections thread
      segment         reads the detector's shared memory
      updates         matches each record with its picture
        picture_times the capture times of the last pictures, by their numbers

The thread `…-detections` runs while anybody listens. It reads the segment, matches, and puts each
`Sighting` into every queue. Everything but `listeners` belongs to it.
"""
