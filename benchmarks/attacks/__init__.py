"""What a stranger can do to three people who watch: `python -m benchmarks.attacks`.

catalogue.py   every attack: its name, what it does, for how long, and who serves
datagrams.py   what a neighbour sends to UDP ports
offers.py      offers, and the host's own page as a measure for them
websockets.py, slow_http.py, swarm.py   many connections at once
rtcp.py        a viewer that asks for too much
files.py       clips, cuts
stall.py       the process stands still
target.py      what all of them are told; attacker.py: the process they run in
run.py         one attack: before, during, afterwards
phases.py      what is looked at in each; honest.py: what others ask for meanwhile
served.py      the server in its three ways; host.py: the app of two of them
recording.py   what is there to be downloaded and cut
table.py       the table, and a verdict on each row
"""
