"""nginx and Caddy as Debian has them, with what deploy/ ships: as somebody who is not root, on free
ports, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.browser.processes import Process
from tests.certificates import trusting, write_certificate
from tests.server_process import CHECKOUT
from tests.waiting import TIMEOUT_S, wait_until

DEPLOY = CHECKOUT / "deploy"
NOBODY = 65534
_NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
CERTIFICATE = "certificate.pem"

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include pet-stream-http.conf;
    include site.conf;
}}
"""


@contextmanager
def nginx(port: int, backend: int, more: str = "") -> Iterator[ssl.SSLContext]:
    """`more` is for the `server`."""
    with _folder() as folder:
        for source in (DEPLOY / "nginx").iterdir():
            target = "snippets" if source.name == "pet-stream-server.conf" else "."
            (folder / target).mkdir(exist_ok=True)
            shutil.copy(source, folder / target)
        _replace(
            folder / "site.conf",
            {
                "127.0.0.1:8080": f"127.0.0.1:{backend}",
                "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
                "server_name cam.example.org;": f"server_name 127.0.0.1;\n{more}",
                "/etc/ssl/cam.example.org.pem": f"{folder}/{CERTIFICATE}",
                "/etc/ssl/cam.example.org.key": f"{folder}/{CERTIFICATE}",
            },
        )
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
        command = [_NGINX, "-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]
        with _running(folder, command, port) as trusts:
            yield trusts


@contextmanager
def caddy(port: int, backend: int) -> Iterator[ssl.SSLContext]:
    with _folder() as folder:
        shutil.copy(DEPLOY / "caddy/Caddyfile", folder)
        _replace(
            folder / "Caddyfile",
            {
                "{\n\tservers": "{\n\tadmin off\n\tauto_https disable_redirects\n\tservers",
                "127.0.0.1:8080": f"127.0.0.1:{backend}",
                "cam.example.org {": (
                    f"https://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n"
                    f"\ttls {folder}/{CERTIFICATE} {folder}/{CERTIFICATE}"
                ),
            },
        )
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
        with _running(folder, command, port) as trusts:
            yield trusts


Proxy = Callable[[int, int], AbstractContextManager[ssl.SSLContext]]
"""Called with its port and that of the server behind it."""
PROXIES: Mapping[str, Proxy] = {"nginx": nginx, "caddy": caddy}


@contextmanager
def _folder() -> Iterator[Path]:
    """One that somebody else may enter, unlike pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="pet_stream_proxy_"))
    try:
        write_certificate(folder / CERTIFICATE)
        yield folder
    finally:
        shutil.rmtree(folder)


def _replace(path: Path, values: Mapping[str, str]) -> None:
    """Put a test's values where what is shipped has an owner's."""
    text = path.read_text()
    for old, new in values.items():
        assert text.count(old) == 1, (path.name, old)
        text = text.replace(old, new)
    path.write_text(text)


@contextmanager
def _running(folder: Path, command: list[str], port: int) -> Iterator[ssl.SSLContext]:
    trusts = trusting(folder / CERTIFICATE)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        dropped = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
        command = ["setpriv", *dropped, "--", "setpriv", "--pdeathsig", "KILL", "--", *command]
    environment = {**os.environ, "HOME": str(folder)}
    environment.pop("XDG_DATA_HOME", None)
    environment.pop("XDG_CONFIG_HOME", None)
    process = Process(command, env=environment, cwd=folder)
    try:
        wait_until(lambda: _listens(port, process), TIMEOUT_S)
        yield trusts
    finally:
        process.stop(signal.SIGTERM)


def _listens(port: int, process: Process) -> bool:
    assert Path(f"/proc/{process.pid}/stat").read_text().split()[2] != "Z", process.log
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
