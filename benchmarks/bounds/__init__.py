"""What a board can do, before somebody buys one: `python -m benchmarks.bounds`.

measured.py    what was measured, kept in measured.json, and what other pages of docs/ say
measuring.py   measures it, on this machine: viewers, encryption, system calls
slow_core.py   the server again, as on a core that is so many times slower
disk.py        the same of the disk: a file system of its own, whose device counts
cost.py        from these: processor, network and memory of some viewers; pure, as all below
storage.py     what a day writes, what fits, how long a memory card lasts
paper.py       upper bounds from first principles: what a core, a network and a lock can't exceed
simulation.py  pictures one after the other through one core and one network: what is late, and when
modes.py       what a camera does all day, and the limit that it reaches first
board.py       a board with Cortex-A55 cores, so many times slower than what was measured
use_tables.py, limit_tables.py, disk_tables.py
               the tables of docs/sizing.md; texts.py: their numbers; tables.py: all of them
"""
