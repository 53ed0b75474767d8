"""Installs pet_stream as a service of systemd: `pet-stream install-service`.

    program        what is served: `run`, `demo`, or a host's app under gunicorn
    unit_file      makes the unit's text of a template, `unit.service`
    installation   the entrance: what has to be done, step by step, and undone
    obstacles      what would keep the service from working, in words
    reach          whether a user can read or write a path

All of it works below a root of its own, too, as packagers need it. For one thread.
"""
