"""Looks up locked packages in the public lists of vulnerabilities: audit.py FILE ...

Ends with 1 when one is known to be vulnerable. Where no list can be asked it says loudly that nothing was looked up,
and ends with 0: the build does not hang on somebody else's service.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

SECONDS = 300
_FEW = 5


class Verdict(NamedTuple):
    """What is to be said of some files, and whether it is bad news."""

    lines: list[str]
    is_bad: bool


def looked_up(file: str) -> tuple[int, str, str]:
    """The exit code, the output and the complaints of pip-audit."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", file, "--require-hashes", "--disable-pip"]
    try:
        ran = subprocess.run(  # noqa: S603
            [*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"no answer within {SECONDS} seconds"
    return ran.returncode, ran.stdout, ran.stderr


def verdict(file: str, code: int, output: str, complaint: str) -> Verdict:
    """What an audit of a file comes to."""
    packages = _packages(output)
    if packages is None:
        last = (complaint.strip().splitlines() or [f"pip-audit ended with {code}"])[-1]
        return Verdict([f"NOT AUDITED: {file}: no list of vulnerabilities could be asked ({last[:200]})"], False)
    found = [(one, fault) for one in packages for fault in one.get("vulns", [])]
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    lines = [f"VULNERABLE: {_told(one, fault)}" for one, fault in found]
    if skipped:
        lines.append(f"NOT AUDITED: {len(skipped)} of {len(packages)} packages of {file}: {_some(skipped)}")
    lines.append(f"{file}: {len(packages) - len(skipped)} packages looked up, {len(found)} vulnerabilities known")
    return Verdict(lines, bool(found))


def _packages(output: str) -> Sequence[dict[str, Any]] | None:
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return packages if isinstance(packages, list) else None


def _told(package: dict[str, Any], fault: dict[str, Any]) -> str:
    mended = ", ".join(fault.get("fix_versions", [])) or "nothing yet"
    return f"{package['name']} {package['version']}: {fault['id']}, mended by {mended}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_FEW]) + (", ..." if len(names) > _FEW else "")


def main(files: Iterable[str]) -> int:
    """Says what was found in each file."""
    verdicts = [verdict(file, *looked_up(file)) for file in files]
    print("\n".join(line for one in verdicts for line in one.lines))  # noqa: T201
    return int(any(one.is_bad for one in verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
