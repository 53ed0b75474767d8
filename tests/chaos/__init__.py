"""The whole thing in rough weather: real processes, and what happens to them over the years.

    disturbances   the table of all disturbances: what each does, and undoes
      cameras      the camera, and its shared memory
      disks        the recordings' disk
      viewers      those who watch, and strangers
      processes    the server itself: its clock, loop, limits, death
    site           the camera, the server and the disk that they happen to
      serving      how the server is started
      audience     viewers of both kinds, who come back as pages do
      host         the app that is served, and what can be asked of it
    endurance      one disturbance of a site, from its beginning to the verdict
    verdict        what must be so after each: live again in 3 s, recordings intact, nothing left
    soak           all that is mild, together, for as long as is wanted: what grows

`test_chaos` runs a few for a moment. `make chaos` runs all (ARGS="--minutes 5 camera disk" those
whose names begin so), `make soak-all` the soak.
"""
