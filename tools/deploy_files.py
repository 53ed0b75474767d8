"""Writes the files of deploy/ that come from the code: the units of `pet-stream install-service`.

python -m tools.deploy_files
"""

from __future__ import annotations

from pathlib import Path

from pet_stream.service.program import Program, hosts_program
from pet_stream.service.unit_file import Unit
from tools.reference_tables import CHECKOUT

_PROGRAM = "/opt/pet-stream/bin/pet-stream"
_DESCRIPTION = "pet_stream, a camera in the browser"
PROGRAMS = (
    Program("pet-stream", _DESCRIPTION, (_PROGRAM, "run")),
    Program("pet-stream-demo", f"{_DESCRIPTION} (demo)", (_PROGRAM, "demo", "--no-open")),
    hosts_program(
        Path("/opt/web-monitor/bin/gunicorn"),
        "web_monitor:app",
        Path("/opt/web-monitor"),
        ("--bind", "127.0.0.1:8080"),
    ),
)


def unit_files() -> dict[Path, str]:
    """Path → what belongs into it."""
    folder = CHECKOUT / "deploy/systemd"
    return {
        folder / f"{program.name}.service": Unit(program, "pet-stream").text()
        for program in PROGRAMS
    }


if __name__ == "__main__":
    for path, text in unit_files().items():
        path.write_text(text)
