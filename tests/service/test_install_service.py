"""`pet-stream install-service` in a root of its own."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pet_stream.command_line import main
from pet_stream.ingest.segment import POSIX_FOLDER
from pet_stream.service.installation import Installation
from pet_stream.service.obstacles import group_of_camera, obstacles
from pet_stream.service.program import Program
from pet_stream.service.reach import READ, WRITE, Account, may
from pet_stream.service.unit_file import MARK, Unit

PROGRAM = "/opt/pet stream 100%/bin/pet-stream"
UNIT = "etc/systemd/system/pet-stream.service"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine with a user `pet-stream`, a group `video` and an installation."""
    root = tmp_path / "root"
    program = root / PROGRAM.lstrip("/")
    program.parent.mkdir(parents=True)
    python = program.with_name("python").relative_to(root)
    program.write_text(f"#!/bin/sh\n'''exec' \"/{python}\" \"$0\" \"$@\"\n' '''\n")  # as pip does
    program.chmod(0o755)
    program.with_name("python").write_text("")
    (root / "etc").mkdir()
    users = f"root:x:0:0::/:/bin/sh\npet-stream:x:{os.geteuid()}:{os.getegid()}::/:/bin/false\n"
    (root / "etc/passwd").write_text(users)
    (root / "etc/group").write_text("video:x:44:somebody,pet-stream\n")
    return root


def install(root: Path, *arguments: str, answer: str = "") -> Result:
    program = () if "--program" in arguments else ("--program", PROGRAM)
    command = ["install-service", "--root", str(root), *program, *arguments]
    return CliRunner().invoke(main, command, input=answer)


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def line_of(root: Path, key: str) -> str:
    lines = (root / UNIT).read_text().splitlines()
    [value] = [line.partition("=")[2] for line in lines if line.startswith(f"{key}=")]
    return value


def test_it_asks_and_writes_one_file_below_the_root_and_nothing_else(root: Path) -> None:
    before = files_below(root.parent)
    refused = install(root, answer="n\n")
    assert f"write {root / UNIT}" in refused.stdout
    assert files_below(root.parent) == before

    result = install(root, answer="y\n")
    assert result.exit_code == 0, result.output
    assert files_below(root.parent) == before | {f"root/{UNIT}"}
    assert (root / UNIT).stat().st_mode & 0o777 == 0o644
    assert line_of(root, "ExecStart") == '"/opt/pet stream 100%%/bin/pet-stream" run'
    assert line_of(root, "User") == "pet-stream"
    assert "On that machine: systemctl enable --now pet-stream" in result.stdout


def test_a_dry_run_shows_the_unit_and_writes_nothing(root: Path) -> None:
    before = files_below(root)
    result = install(root, "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(MARK)
    assert "This will" in result.stdout
    assert files_below(root) == before


def test_programs_are_told_in_json(root: Path) -> None:
    asked = install(root, "--json")
    assert asked.exit_code == 2
    assert "--yes or --dry-run" in asked.stderr
    plan = json.loads(install(root, "--json", "--dry-run").stdout)
    assert plan["unit"].startswith(MARK)
    assert plan["steps"] == [f"write {root / UNIT}"]
    assert not plan["is_done"]
    assert not (root / UNIT).exists()

    refused = install(root, "--json", "--yes", "--group", "no-group")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["obstacles"] == ["There is no group no-group"]

    assert json.loads(install(root, "--json", "--yes").stdout)["is_done"]
    assert (root / UNIT).exists()


def test_options_of_run_and_a_folder_for_recordings(root: Path) -> None:
    folder = "/srv/my recordings/50%"
    options = ("--port", "443", "--record-path", folder, "--ice-server", "stun:a.example:3478")
    result = install(root, "--yes", "--group", "video", "--", *options)
    assert result.exit_code == 0, result.output
    assert f"make the folder {folder}" in result.stdout
    assert (root / folder.lstrip("/")).is_dir()
    assert line_of(root, "ReadWritePaths") == '-"/srv/my recordings/50%%"'
    assert line_of(root, "SupplementaryGroups") == "video"
    assert line_of(root, "AmbientCapabilities") == "CAP_NET_BIND_SERVICE"
    words = shlex.split(line_of(root, "ExecStart").replace("%%", "%"))
    assert words == [PROGRAM, "run", *options]


def test_folders_that_its_settings_name(root: Path) -> None:
    settings = 'record_path = "/srv/cats"\naccounts = "/etc/pets/accounts.json"\nkeep_days = 7\n'
    (root / "etc/pet.toml").write_text(settings)
    result = install(root, "--yes", "--", "--config", "/etc/pet.toml")
    assert result.exit_code == 0, result.output
    assert line_of(root, "ReadWritePaths") == "-/srv/cats -/etc/pets"
    assert (root / "srv/cats").is_dir()

    (root / "etc/pet.toml").write_text("keep_dayz = 7\n")
    wrong = install(root, "--yes", "--", "--config", "/etc/pet.toml")
    assert wrong.exit_code == 2
    assert "keep_days" in wrong.stderr


def test_installed_again_it_is_replaced_and_uninstalled_it_is_gone(root: Path) -> None:
    assert install(root, "--yes").exit_code == 0
    assert install(root, "--yes", "--", "--max-clients", "3").exit_code == 0
    assert "--max-clients 3" in line_of(root, "ExecStart")
    wants = (root / UNIT).parent / "multi-user.target.wants/pet-stream.service"
    wants.parent.mkdir()
    wants.symlink_to("../pet-stream.service")
    result = install(root, "--yes", "--uninstall")
    assert result.exit_code == 0, result.output
    assert "/var/lib/pet-stream" in result.stdout
    assert not [name for name in files_below(root) if "systemd" in name]
    again = install(root, "--yes", "--uninstall")
    assert again.exit_code == 1
    assert "There is no" in again.stderr


@pytest.mark.parametrize("uninstall", [(), ("--uninstall",)])
def test_a_unit_of_somebody_else_stays(root: Path, uninstall: tuple[str, ...]) -> None:
    (root / UNIT).parent.mkdir(parents=True)
    (root / UNIT).write_text("[Unit]\n")
    result = install(root, "--yes", *uninstall)
    assert result.exit_code == 1
    assert "is not ours" in result.stderr
    assert (root / UNIT).read_text() == "[Unit]\n"


def test_no_service_of_another_package_is_replaced(root: Path) -> None:
    theirs = root / "usr/lib/systemd/system/cat-door.service"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("[Unit]\n")
    result = install(root, "--yes", "--name", "cat-door")
    assert result.exit_code == 1
    assert "another package: choose one with --name" in result.stderr
    assert install(root, "--yes").exit_code == 0


def test_no_link_leads_out_of_the_root(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "etc/systemd").symlink_to(outside)
    result = install(root, "--yes")
    assert result.exit_code == 1
    assert "leads out of" in result.stderr
    assert not list(outside.iterdir())


def test_the_demo_and_a_hosts_app(root: Path) -> None:
    assert install(root, "--yes", "--demo", "--", "--port", "8081").exit_code == 0
    demo = (root / UNIT).with_name("pet-stream-demo.service").read_text()
    assert 'bin/pet-stream" demo --no-open --port 8081\n' in demo
    assert "WatchdogSec=30\n" in demo

    (root / "opt/web").mkdir()
    result = install(
        *(root, "--yes", "--app", "web_monitor:app", "--app-folder", "/opt/web"),
        *("--", "-b", ":80"),
    )
    assert result.exit_code == 0, result.output
    host = (root / UNIT).with_name("web-monitor.service").read_text()
    assert " --pythonpath /opt/web -b :80 web_monitor:app\n" in host
    assert "StateDirectory=web-monitor\n" in host
    assert "WatchdogSec" not in host  # gunicorn feeds none
    assert "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" in host


def test_a_service_of_ones_own_needs_no_rights(root: Path) -> None:
    result = install(root, "--yes", "--user")
    assert result.exit_code == 0, result.output
    assert "loginctl enable-linger" in result.stdout
    text = (root / "etc/systemd/user/pet-stream.service").read_text()
    assert "WantedBy=default.target\n" in text
    assert "SystemCallFilter=" in text
    for key in ("User=", "CapabilityBoundingSet=", "ProtectHome=", "network-online"):
        assert key not in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--run-as", "nobody-here"], "useradd --system"),
        (["--group", "no-group"], "There is no group no-group"),
        (["--program", "/opt/nothing"], "There is no /opt/nothing"),
        (["--program", "/home/me/venv/bin/pet-stream"], "ProtectHome hides it"),
        (["--program", "/root/pet-stream"], "/usr/bin/python3 -m venv /opt/pet-stream"),
        (["--program", "/tmp/pet-stream"], "PrivateTmp hides it"),
        (["--program", "/opt/a'b/pet-stream"], "no path that systemd can start"),
        (["--", "--record-path", "/home/me/recordings"], "/srv/recordings"),
        (["--", "--tls-cert", "/etc/no.pem"], "There is no /etc/no.pem"),
        (["--", "--ice-server", "stun:a\nExecStart=/bin/sh"], "can't stand in a unit file"),
    ],
)
def test_what_can_t_work_is_refused_in_words(root: Path, arguments: list[str], reason: str) -> None:
    if "--program" in arguments and "nothing" not in arguments[1]:
        program = root / arguments[1].lstrip("/")
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("")
    result = install(root, "--yes", *arguments)
    assert result.exit_code == 1
    assert reason in result.stderr
    assert "Traceback" not in result.output
    assert not [name for name in files_below(root) if "systemd" in name]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--demo", "--app", "a:b"], "Either --demo or --app"),
        (["--user", "--run-as", "me"], "leave --run-as"),
        (["--name", "a/b"], "is no name"),
        (["--name", "a@b"], "is no name"),
        (["--", "--port", "http"], "http is not a port"),
        (["--", "--dance"], "--dance"),
        (["--", "--record-path", "recordings"], "whole path of recordings"),
        (["--", "--tls-cert", "a.pem"], "whole path of a.pem"),
    ],
)
def test_a_wrong_command_line_is_explained(root: Path, arguments: list[str], reason: str) -> None:
    result = install(root, "--yes", *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr


def obstacles_of(program: Program, user: str | None, root: Path = Path("/")) -> list[str]:
    return [*obstacles(Unit(program, user), root, first_port=1024)]


@pytest.mark.parametrize(("port", "is_refused"), [(80, True), (1023, True), (1024, False)])
def test_a_low_port_is_not_for_a_service_of_ones_own(port: int, is_refused: bool) -> None:
    program = Program("pet-test", "a test", ("/bin/true", "run"), port=port)
    assert bool(obstacles_of(program, None)) == is_refused


def test_what_lies_in_a_home_is_hidden_also_behind_a_link(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "pet-stream"
    link.symlink_to("/root")
    program = Program("pet-test", "a test", (str(link), "run"))
    assert f"can't see {link}: ProtectHome hides it" in obstacles_of(program, "root")[0]


def test_a_python_that_its_user_can_t_read_is_refused(root: Path) -> None:
    """As in an installation that somebody has made with a umask of 077."""
    (root / "etc/passwd").write_text("pet-stream:x:12345:12345::/:/bin/false\n")
    folder = root / PROGRAM.lstrip("/")
    folder.parent.chmod(0o750)
    result = install(root, "--yes")
    assert result.exit_code == 1
    assert f"pet-stream can't read {PROGRAM}: look at the mode of" in result.stderr


@pytest.mark.parametrize(
    ("mode", "may_read", "may_write"),
    [(0o600, True, True), (0o060, False, False), (0o400, True, False), (0o077, False, False)],
)
def test_the_owners_bits_count_for_the_owner(
    tmp_path: Path, mode: int, may_read: bool, may_write: bool
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    file.chmod(mode)
    owner = Account("owner", file.stat().st_uid, file.stat().st_gid, frozenset())
    if owner.uid == 0:  # for whom no bits count
        os.chown(file, 12345, file.stat().st_gid)
        owner = Account("owner", 12345, 12345, frozenset())
    assert may(owner, READ, file.stat()) == may_read
    assert may(owner, READ | WRITE, file.stat()) == may_write


def test_the_camera_is_read_by_its_group(segment_name: str) -> None:
    """A daemon's segment may be for its group only."""
    segment = POSIX_FOLDER / segment_name.lstrip("/")
    segment.write_text("")
    try:
        segment.chmod(0o640)
        group = grp.getgrgid(segment.stat().st_gid).gr_name
        program = Program("pet-test", "a test", ("/bin/true", "run"), segment=segment_name)
        stranger = next(
            user.pw_name
            for user in pwd.getpwall()
            if user.pw_uid not in (0, segment.stat().st_uid)
            and segment.stat().st_gid not in os.getgrouplist(user.pw_name, user.pw_gid)
        )
        assert group_of_camera(program, stranger, Path("/")) == [group]
        assert obstacles_of(program, stranger)
        assert not [*obstacles(Unit(program, stranger, (group,)), Path("/"))]
        segment.chmod(0o644)
        assert group_of_camera(program, stranger, Path("/")) == []
        segment.chmod(0o600)
        assert group_of_camera(program, stranger, Path("/")) == []
        assert str(segment) in obstacles_of(program, stranger)[0]
    finally:
        segment.unlink()


class RecordingSystemctl:
    """What a machine with systemd would be told."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    def __call__(self, command: list[str]) -> None:
        self.commands.append(command)


def test_where_systemd_runs_it_is_started_and_stopped(root: Path) -> None:
    systemctl = RecordingSystemctl()
    unit = Unit(Program("pet-test", "a test", (PROGRAM, "run")), "pet-stream")
    installation = Installation(unit, root, run=systemctl, is_running=True)
    for step in installation.steps():
        step.do()
    assert systemctl.commands == [
        ["systemctl", "daemon-reload"],
        ["systemctl", "enable", "pet-test.service"],
        ["systemctl", "restart", "pet-test.service"],
    ]
    systemctl.commands.clear()
    for step in installation.steps_of_removal():
        step.do()
    assert systemctl.commands == [
        ["systemctl", "disable", "--now", "pet-test.service"],
        ["systemctl", "daemon-reload"],
    ]
    assert not installation.file.exists()
