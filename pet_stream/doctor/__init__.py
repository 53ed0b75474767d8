"""Looks at everything that has to be right, and says what to do about it: `pet-stream doctor`.

    report            all findings, and how they read: in words, as JSON
      machine         packages, port, host names, folder and free space
      diagnosis       what is wrong with a camera
        observation   what its ring holds and gets within a few seconds
      finding         one thing that was looked at

Everything happens in the main thread, one after the other, beside a server that may be running.
"""
