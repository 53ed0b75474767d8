"""What we do to our own loggers while streaming runs; nobody else's are touched.

    own_log    the entrance: attaches the two below to the logger `pet_stream`, and detaches them
    repeats    lets a line through once a minute, with the number of those that came meanwhile
    recent     keeps the last fifty warnings, for whoever may operate
    levels     the levels that a setting names
    secrets    hides what should stand in no log

The library has no format, and writes nowhere by itself: that is the host's. A level it sets only
where a setting says so.
"""
