"""`pet-stream doctor`: prints what is found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

from .diagnosis import diagnose_camera
from .finding import Finding, Level
from .machine import check_dependencies, check_folder, check_names, check_port

_SIGNS = {Level.OK: "ok", Level.WARNING: "warning", Level.PROBLEM: "PROBLEM"}


def run_doctor(arguments: argparse.Namespace) -> int:
    """Print what is found; 0 if nothing stands in the way, otherwise 1."""
    findings = [
        *check_dependencies(),
        check_port(arguments.host, arguments.port),
        *check_names(arguments.host, arguments.port),
        *check_folder(Path(arguments.record_path)),
        *diagnose_camera(arguments.shm, arguments.seconds),
    ]
    is_well = all(finding.level is not Level.PROBLEM for finding in findings)
    if arguments.json:
        print(json.dumps({"ok": is_well, "findings": [_as_json(f) for f in findings]}, indent=2))
    else:
        _print(findings)
    return 0 if is_well else 1


def _as_json(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "level": finding.level.value,
        "message": finding.message,
        "advice": finding.advice,
    }


def _print(findings: Iterable[Finding]) -> None:
    problems = warnings = 0
    for finding in findings:
        print(f"{_SIGNS[finding.level]:8} {finding.check}: {finding.message}")
        if finding.advice:
            print(f"         → {finding.advice}")
        problems += finding.level is Level.PROBLEM
        warnings += finding.level is Level.WARNING
    if problems or warnings:
        print(f"\n{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}.")
    else:
        print("\nAll is well.")


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
