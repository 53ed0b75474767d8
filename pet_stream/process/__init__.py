"""What is the process's, not a camera's: how it forks, ends, stands still, and who serves it.

forks             noticing that this process was forked
exit              SIGTERM as an ordinary exit, where nobody else handles it
stop_signals      Ctrl-C and SIGTERM for commands that end in order
switch_interval   how often threads take turns, while somebody watches
standstill        that the process stood still (SIGSTOP, swap), so that no silence is counted
gunicorn          what gunicorn's worker says about itself
"""
