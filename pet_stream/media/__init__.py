"""What bytes mean: pictures, files, packets, records. Pure: no thread, clock, file, socket, Flask.

    access_unit   what travels: one coded picture, frozen, its bytes copied out of shared memory
    ring          the camera's shared memory, on one screen; `segment_url` names a segment
    h264/         NAL units, parameter sets, slice headers: what a picture says about itself
    gop_memory    the last pictures, for viewers who join and for files that begin in the past
    rtp/          pictures as packets, and the feedback of viewers
    mp4/          pictures as files: written while they grow, read, repaired
    clip_mark     the mark by which a file is known to be a clip
    detections    the detector's records, as values; `sidecar`: kept beside a recorded file
    stun          what an ICE datagram is, read without an ICE agent

The entrance is `access_unit`. There is no owning thread: these are values and functions, and the
few objects with state belong to the thread that made them. Everything else imports from here; this
package imports only `errors`. Malformed bytes raise BitstreamError, SegmentInvalid or ValueError,
nothing else.
"""
