"""Shows the page to a person who sits at this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from .addresses import page_urls

if TYPE_CHECKING:
    from ..web_server import WebServer

_BROWSER_PROGRAM = (
    "import signal, sys, webbrowser; signal.pthread_sigmask(signal.SIG_SETMASK, ()); "
    "webbrowser.open(sys.argv[1])"
)


def open_page(server: WebServer) -> None:
    """Open the page if somebody sits here."""
    here, _ = page_urls(server.host, server.port, server.scheme)
    if here and is_at_desktop():
        threading.Thread(
            target=show_in_browser, args=(here[0],), name="demo-browser", daemon=True
        ).start()


def is_at_desktop() -> bool:
    """Whether this is a desktop and the command was typed into a terminal."""
    is_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(is_desktop) and sys.stdout.isatty()


def show_in_browser(url: str) -> None:
    """Open `url` from a process of its own: a browser would inherit the signals blocked here."""
    command = [sys.executable, "-c", _BROWSER_PROGRAM, url]
    subprocess.run(command, check=False, start_new_session=True)  # Ctrl-C is for this process
