"""Looks into the running process when somebody asks, and costs nothing before.

    stacks      names functions and files; no values of variables, no folders of this machine
    threads     what each thread and each task of the event loop is doing now
    sampler     where the time goes: looks at all threads a hundred times a second, for a while
    limits      how long that may last
    speedscope  writes that as a file for https://www.speedscope.app
    memory      where the memory goes: `tracemalloc`, for a while

Only `threads` takes no time. `sampler` works in the thread that asks, and spends at most 2 % of a
core. `memory` slows every allocation while it is on, so it ends by itself.
"""
