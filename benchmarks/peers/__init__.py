"""Ours beside other media servers, in one run.

    __main__     the run: rounds of all systems, medians and spread
    namespace    a network of its own for everything that runs
    feeder.c     pictures out of the ring as RTP, for servers that can't read it
    feeder       compiles and starts it

The servers' fronts are `benchmarks/systems/janus.py` and `gstreamer.py`.
"""
