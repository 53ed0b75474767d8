"""An error at each seam ends there: at every callback, view, subscriber and signal receiver.

    table           the seams of a running app, and how something fails at each
    rig             that app, with a camera and a viewer of each kind beside
    test_seams      each seam, with each kind of error
    test_processes  those of the whole process

A seam is where one part calls what another part, or the host, has given it.
"""
