"""Checks each STUN and TURN server of the settings, and the range of UDP ports."""

from __future__ import annotations

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator

from ..config import Config
from ..ice_server import IceServer, usable_here
from ..turn_secret import OWN_HOLDER, with_credentials
from .finding import Finding, ok, problem, warning

LIMIT_S = 4.0
"""For all of them: each is asked by a thread of its own."""
_URL = re.compile(r"(stuns?|turns?):([^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?")
_FIREWALL = (
    "Does it run, and does a firewall let this through? Viewers wait for it, and then connect "
    "without it."
)


def check_ice(config: Config, limit_s: float = LIMIT_S) -> Iterator[Finding]:
    yield from check_ice_servers(config, limit_s)
    ports = config.ice_ports
    if ports is not None and len(ports) < config.max_clients:
        yield warning(
            "UDP ports",
            f"PET_STREAM_ICE_PORTS has {len(ports)} ports for {config.max_clients} viewers.",
            "Each viewer by WebRTC needs one: more get the picture over a WebSocket.",
        )


def check_ice_servers(config: Config, limit_s: float = LIMIT_S) -> list[Finding]:
    """Returns a finding for each URL, within about `limit_s`."""
    deadline_s = time.monotonic() + limit_s
    servers = with_credentials(config.ice_servers, config.turn_secret, OWN_HOLDER, time.time())
    has_secret = config.turn_secret is not None
    checks = [_Check(url, server, has_secret) for server in servers for url in server.urls]
    threads = [
        threading.Thread(target=check.run, args=(deadline_s,), daemon=True) for check in checks
    ]
    for thread in threads:
        thread.start()
    for thread in threads:  # a name that nobody resolves keeps its thread longer
        thread.join(max(0.0, deadline_s + 0.5 - time.monotonic()))
    findings = [check.finding or check.silent() for check in checks]
    own = [url for server in usable_here(servers) for url in server.urls]
    if len(checks) > len(own):
        findings.append(
            ok(
                "ICE servers",
                f"Viewers are told all of them; this machine itself uses {' and '.join(own)}: one "
                "of each kind at most, the first."
                if own
                else "Viewers are told all of them; this machine itself can use none.",
            )
        )
    return findings


class _Check:
    """One URL. `run` in a thread of its own."""

    def __init__(self, url: str, server: IceServer, has_secret: bool) -> None:
        self.finding: Finding | None = None
        self._url = url
        self._server = server
        self._has_secret = has_secret

    @property
    def _title(self) -> str:
        return "TURN" if self._url.startswith("turn") else "STUN"

    def run(self, deadline_s: float) -> None:
        from . import turn_client  # lazy: aioice may be missing

        try:
            self.finding = self._ask(deadline_s)
        except turn_client.Refused as exc:
            self.finding = self._problem(f"{exc}", self._advice(exc.code))
        except turn_client.NoGood as exc:
            self.finding = self._problem(f"{exc}", "Is this its address, and its port?")
        except (socket.gaierror, UnicodeError):
            self.finding = self._problem("its name is not known here", "Look at the name, and DNS.")
        except ssl.SSLCertVerificationError as exc:
            self.finding = self._problem(
                f"its certificate is not trusted: {exc.verify_message}",
                "Browsers don't trust it either. Give it one of a known authority, for this name.",
            )
        except ssl.SSLError as exc:
            self.finding = self._problem(f"no TLS: {exc.reason or exc}", "Is this its TLS port?")
        except ConnectionRefusedError:
            self.finding = self._problem("nobody listens there", _FIREWALL)
        except TimeoutError:
            self.finding = self.silent()
        except OSError as exc:
            self.finding = self._problem(f"{exc}", _FIREWALL)

    def silent(self) -> Finding:
        return self._problem("no answer", _FIREWALL)

    def _ask(self, deadline_s: float) -> Finding:
        from . import turn_client

        parts = _URL.fullmatch(self._url)
        assert parts is not None, self._url  # the settings' parser has seen it
        scheme, host, port, transport = parts.groups()
        is_tls = scheme.endswith("s")
        if is_tls and transport == "udp":
            return warning(
                self._title,
                f"{self._url}: TURN over DTLS is not checked.",
                "Browsers don't speak it: use turns: without transport, or with transport=tcp.",
            )
        with turn_client.connected(
            host,
            int(port or (5349 if is_tls else 3478)),
            is_tcp=is_tls or transport == "tcp",
            is_tls=is_tls,
            deadline_s=deadline_s,
        ) as link:
            if self._title == "STUN":
                seen = turn_client.ask_for_address(link, deadline_s)
                return ok("STUN", f"{self._url} sees this machine at {seen}.")
            username, credential = self._server.username or "", self._server.credential or ""
            relayed = turn_client.ask_for_relay(link, username, credential, deadline_s)
            return ok("TURN", f"{self._url} relays at {relayed}.")

    def _problem(self, why: str, advice: str) -> Finding:
        return problem(self._title, f"{self._url}: {why}.", advice)

    def _advice(self, code: int) -> str:
        if code == 401 and self._has_secret and self._server.username:
            return (
                "Is PET_STREAM_TURN_SECRET its static-auth-secret, is use-auth-secret set, and do "
                "both clocks agree?"
            )
        if code == 401:
            return "Are username and credential those of this server?"
        if code in (486, 508):
            return "It has no room: look at its quotas (user-quota, total-quota) and ports."
        return "Look at its log."
