"""What belongs to the whole process, not to one camera.

    forks             calls a method in each forked child
    exit              makes SIGTERM an ordinary exit, where nobody else handles it
    hang_up           makes SIGHUP a wish, such as to read the settings again
    stop_signals      lets commands wait for Ctrl-C and SIGTERM
    switch_interval   shortens the interpreter's switch interval while somebody watches
    standstill        notices that the process stood still, so that limits on silence begin again
    service_notify    tells systemd that we are ready, alive, stopping
    gunicorn          asks gunicorn's worker about its state and its threads

`standstill.Looks` belongs to one thread, `stop_signals` and `service_notify` to the main thread.
"""
