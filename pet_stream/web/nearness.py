"""Tells whether whoever asks is on this machine, as far as that can be told."""

from __future__ import annotations

import os

from flask import request

from ..admission.client_network import is_this_machine
from ..host_names import parse_host
from .server_threads import is_from_server

_FORWARDED = ("Forwarded", "X-Forwarded-For")
_PROXIED = (
    *_FORWARDED,
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Prefix",
    "X-Real-IP",
    "Via",
)
_PROXY_FIX = "werkzeug.proxy_fix.orig"
_ESTABLISHED = "01"
_ROOT = 0


def is_from_here() -> bool:
    """Whether somebody on this machine asks, and not a proxy for somebody else."""
    return not any(name in request.headers for name in _FORWARDED) and _is_loopback()


def is_operators() -> bool:
    """Whether a program of this process's own user, or of root, asks by itself. False where that
    can't be told.

    A proxy on this machine has a user of its own, or leaves traces. What does neither, such as a
    tunnel (`ssh -R`) of this user's, can't be told from a program. `Host` has to name this machine
    as only itself does: a page of a stranger, in a browser here, can have its name lead to us.
    """
    if any(name in request.headers for name in _PROXIED) or _PROXY_FIX in request.environ:
        return False
    if not (request.remote_addr and _is_loopback() and _is_loopback_name()):
        return False
    # A test client has no connection.
    return not is_from_server(request.environ) or _users_of_client() in ({os.getuid()}, {_ROOT})


def _is_loopback() -> bool:
    try:
        return is_this_machine(request.remote_addr or "")
    except ValueError:  # a Unix socket
        return True


def _is_loopback_name() -> bool:
    try:
        host, _ = parse_host(request.headers.get("Host", ""))
        return host == "localhost" or is_this_machine(host.strip("[]"))
    except ValueError:
        return False


def _users_of_client() -> set[int]:
    """Returns the users of the socket at the other end of this request's connection, which is on
    this machine; empty if it is not found."""
    try:
        ports = [int(request.environ[key]) for key in ("REMOTE_PORT", "SERVER_PORT")]
        lines = [line for name in ("tcp", "tcp6") for line in _read_lines(f"/proc/net/{name}")]
    except (KeyError, ValueError, OSError):
        return set()
    return users_of_socket(lines, *ports)


def users_of_socket(lines: list[str], port: int, peer_port: int) -> set[int]:
    """Returns the users of established connections from `port` to `peer_port`, whatever their
    addresses, by the `lines` of /proc/net/tcp and tcp6 (proc(5))."""
    rows = (line.split() for line in lines)
    return {
        int(row[7])
        for row in rows
        if row[1].endswith(f":{port:04X}")
        and row[2].endswith(f":{peer_port:04X}")
        and row[3] == _ESTABLISHED
    }


def _read_lines(path: str) -> list[str]:
    try:
        with open(path) as file:
            return file.read().splitlines()[1:]
    except FileNotFoundError:  # a kernel without IPv6
        return []
