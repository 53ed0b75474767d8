"""Collects all findings, and writes them for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..config import Config
from .diagnosis import diagnose_camera
from .finding import Finding, Level
from .ice import check_ice
from .machine import check_dependencies, check_folder, check_port
from .outgoing import check_outgoing
from .server import check_names, check_server, check_sign_in

_SIGNS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}


def examine(
    url: str, seconds: float, *, host: str, port: int, folder: Path, config: Config
) -> list[Finding]:
    """Check everything; the segment behind `url` is watched for this many seconds. `config`: for
    what the other parameters don't say."""
    return [
        *check_dependencies(),
        check_port(host, port),
        *check_names(host, port),
        *check_server(host, port),
        *check_sign_in(host, port),
        *check_folder(folder),
        *check_ice(config),
        *check_outgoing(config.publish, config.webhooks),
        *diagnose_camera(url, seconds),
    ]


def is_well(findings: Sequence[Finding]) -> bool:
    """Whether there is no problem; warnings are allowed."""
    return not _count(findings, Level.PROBLEM)


def as_text(findings: Sequence[Finding]) -> str:
    lines = []
    for finding in findings:
        lines.append(f"{_SIGNS[finding.level]:8} {finding.check}: {finding.message}")
        if finding.advice:
            lines.append(f"         → {finding.advice}")
    return "\n".join([*lines, "", _summary(findings)])


def as_json(findings: Sequence[Finding]) -> str:
    rows = [
        {
            "check": finding.check,
            "level": finding.level.value,
            "message": finding.message,
            "advice": finding.advice,
        }
        for finding in findings
    ]
    return json.dumps({"ok": is_well(findings), "findings": rows}, indent=2)


def _summary(findings: Sequence[Finding]) -> str:
    problems, warnings = _count(findings, Level.PROBLEM), _count(findings, Level.WARNING)
    if problems or warnings:
        return f"{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}."
    return "All is well."


def _count(findings: Sequence[Finding], level: Level) -> int:
    return sum(finding.level is level for finding in findings)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
