"""The host of `web_monitor.py`, served by uWSGI: python -m tests.uwsgi_server [OPTION …]"""

from __future__ import annotations

import sys

import pyuwsgi

from tests.server_process import APP

OPTIONS = ("--http-socket", "127.0.0.1:0", "--die-on-term", "--module", APP)

if __name__ == "__main__":
    pyuwsgi.run([*OPTIONS, *sys.argv[1:]])
