"""Checks everything that has to be right, and says what to do where it isn't: `pet-stream doctor`.

    report            the entrance: all findings, and how they read, in words or as JSON
      machine         packages, port, folder and free space
      server          host names, threads and sign-in of a server that runs
      ice             STUN and TURN servers, and UDP ports
        turn_client   asks one such server
      outgoing        media servers and webhooks, whether they are there
      diagnosis       what is wrong with a camera
        shared_memory what lies there under its name, and why its pictures can't be used
        stream        what browsers and files make of its H.264
        observation   what its ring holds, and what is written to it within a few seconds
      finding         one thing that was checked

One check follows the other, all in the main thread. A server may be running meanwhile.
"""
