"""An error at each seam ends there: at every callback, view, subscriber and signal receiver.

    table       the seams, and how something fails at each
    rig         the real app, with a camera and a viewer of each kind beside
    test_seams  each seam, with each kind of error

A seam is where one part calls what another part, or the host, has given it.
"""
