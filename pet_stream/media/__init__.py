"""What bytes mean: pictures, files, packets, records. Pure: no thread, clock, file, socket, Flask.

    access_unit   what travels: one coded picture, frozen, its bytes copied out of shared memory
    ring          the camera's shared memory, on one screen; `segment_url` names a segment
    h264/         NAL units, parameter sets, slice headers: what a picture says about itself
    gop_memory    the last pictures, for who joins now and for files that begin in the past
    rtp/          pictures as packets, and what viewers say about them
    mp4/          pictures as files: written while they grow, read, repaired
    detections    what the detector writes
    stun          what a look from outside tells of a datagram for ICE

Everything else imports from here, and this only from `errors`. Whatever bytes they are given,
these modules raise BitstreamError, SegmentInvalid or ValueError and nothing else.
"""
