"""Installs what we compare with below `build/`, never into the environment of the service."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.model import NotMeasured

ROOT = Path(__file__).parents[1]
HOME = ROOT / "build" / "bench"
LOCKED = ROOT / "requirements" / "run.txt"
REQUIREMENTS = Path(__file__).with_name("peers.txt")
MESSAGE_DB = "@eventide/message-db"
MESSAGE_DB_VERSION = "1.3.1"
INSTALL_SECONDS = 300.0
PACKAGES = ("eventsourcing", "umadb", "psycopg", "mysql-connector-python")


@dataclass(frozen=True, slots=True)
class Peers:
    """Where the peers are, and in which versions. `message_db` is the folder of its SQL, None where it is missing."""

    python: Path
    umadb: Path
    message_db: Path | None
    versions: dict[str, str]
    missing: list[str] = field(default_factory=list)


def install() -> Peers:
    """The peers, installed unless they are there. CalledProcessError when their packages cannot be had."""
    environment = HOME / "peers"
    _install_packages(environment)
    python = environment / "bin" / "python"
    versions = _versions(python)
    missing = []
    try:
        folder = _install_message_db()
        versions[MESSAGE_DB] = MESSAGE_DB_VERSION
    except NotMeasured as error:
        folder = None
        missing.append(f"message-db is left out: {error}")
    return Peers(python, environment / "bin" / "umadb", folder, versions, missing)


def _install_packages(environment: Path) -> None:
    locked = LOCKED.read_text()
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + locked.encode()).hexdigest()
    stamp = environment / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(environment, ignore_errors=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    python = environment / "bin" / "python"
    constraints = environment / "constraints.txt"
    quiet = ["-qq", "--disable-pip-version-check"]
    _run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    # Without the hashes: pip would want some of everything else, too.
    constraints.write_text("\n".join(re.findall("^[^ #]+==[^ ]+", locked, re.MULTILINE)))
    _run(
        sys.executable, "-m", "pip", "--python", str(python), "install", *quiet, "-r", str(REQUIREMENTS), "-c",
        str(constraints),
    )  # fmt: skip
    stamp.write_text(wanted)


def _install_message_db() -> Path:
    """Its SQL from the registry of npm. NotMeasured without npm."""
    home = HOME / "npm"
    folder = home / "node_modules" / MESSAGE_DB
    if not _is_installed(folder):
        npm = shutil.which("npm")
        if npm is None:
            raise NotMeasured("there is no npm to install it with.")
        home.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        try:
            _run(npm, "install", "--prefix", str(home), *options, f"{MESSAGE_DB}@{MESSAGE_DB_VERSION}")
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise NotMeasured("npm could not install it.") from error
    return folder / "database"


def _is_installed(folder: Path) -> bool:
    package = folder / "package.json"
    return package.is_file() and json.loads(package.read_text())["version"] == MESSAGE_DB_VERSION


def _versions(python: Path) -> dict[str, str]:
    program = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    done = subprocess.run([python, "-c", program, *PACKAGES], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _run(*command: str) -> None:
    subprocess.run(command, stdout=sys.stderr, timeout=INSTALL_SECONDS, check=True, env={**os.environ, "NO_COLOR": "1"})
