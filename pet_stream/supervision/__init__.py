"""Notices within 3 s that a part is stuck or has died, says so, and starts it again.

    part            a part, as the watcher sees it; its state at one moment
    attempts        how often a part was started again in vain, and when the next try is due
    error_counts    errors that were caught, by part and kind
    care            looks after one part: judges it, starts it again
    watcher         the thread that looks after all of them

The entrance is `watcher.Watcher`. What is judged is the pulse of each `lifecycle.Run`. The watcher
knows the parts only by what it is handed: `running_parts` says which there are, and how each of
them is started again.
"""
