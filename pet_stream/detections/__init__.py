"""What the camera's detector saw, matched with the pictures that it is about.

The entrance is `listeners`: whoever listens has a bounded queue. While somebody does, the thread
`pet-stream-detections` reads the detector's shared memory (`segment`, which has no lock: two equal
reads in a row are a whole record). `updates` finds the picture of each record by `picture_times`.
"""
