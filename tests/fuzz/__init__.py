"""Everything that comes from outside, fuzzed.

    targets       the table of all targets
      camera      what cameras and detectors write into shared memory
      timelines   what video sources say of their pictures' times
      files       the recordings folder
      network     SDP, candidates, RTCP, datagrams, WebSockets
      requests    paths, headers and bodies
      accounts    the account file, cookies, links, guesses
      operating   what commands read: settings, backups, servers' answers
      text        names and addresses
        mutation  valid inputs with a few faults: random bytes alone find little
        target    what a target is, and the check of one value

`test_fuzz` runs each target for a moment, with the same values each time. `make fuzz` goes on for
as long as is wanted, with other values each time. What it finds becomes a test, with its value.
"""
