"""Makes files of what the camera sends.

The entrance is `recorder`, on the event loop: start, stop, clip. Each recording is a `session`
there and a `writer` in a thread of its own, which takes pictures from a bounded queue: a disk that
hangs delays the writer, never the loop.

    names, target, settings   what a recording is called, and what it shall be like
    segments, segment         its files, one after the other, `.part` while they are written
    containers                the bytes of a file: MP4 that grows, or raw H.264
    disk                      sync, publish, free space: what is done to the disk, in the order that
                              outlasts a power cut
    status                    what is told about it, from any thread

Who finds, plays and deletes files is `library`.
"""
