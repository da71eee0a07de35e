"""Real databases for the tests: one PostgreSQL server a session, a fresh database a test.

`database_url` runs a test once on SQLite and once on PostgreSQL, each with an empty database.
`make_database(kind, filled_by=migrate)` gives a copy of a database that `migrate(url)` has filled
once in the session: copying takes a tenth of migrating. The server is the system's, else the
wheel's (tests/support/tools.py); TEST_POSTGRES_URL names a running one to use instead.
"""

import contextlib
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg2
import psycopg2.extensions
import pytest

from tests.support.tools import ToolMissing, find_postgres_folder
from tests.support.waiting import wait_until

_USER = "tabletap"
# PostgreSQL refuses to run as root: then it runs as nobody, which every Unix has under this id.
_NOBODY = 65534
_START_DEADLINE_S = 60
_INITDB_OPTIONS = ("-U", _USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale")
# What a crash could lose does not matter here, and the disk is the slowest part of a test.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
# Copying a database file by file takes half of what writing each page into the log takes, which
# is the default since there is a choice; before, it was the only way.
_COPYING_FILES = " STRATEGY FILE_COPY"
_FIRST_WITH_STRATEGIES = 150_000
# Ports to look among: so many ranges of so many ports, from 10,000 up.
_PORT_RANGES = 16
_PORT_RANGE = 1_400
_REFUSED_BY_BROWSERS = 10_080  # the fetch standard has it among its bad ports


class PostgresServer:
    """A running server. url: of its maintenance database, without a path of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._base = url.rpartition("/")[0]

    def create_database(self, *, template: str | None = None) -> str:
        """Make a database, empty or as a copy of the one at this URL, and return its URL.

        template: nobody may be connected to it.
        """
        name = f"test_{uuid.uuid4().hex}"
        copied = template.rpartition("/")[2] if template else "template1"
        with self._connect() as connection, connection.cursor() as cursor:
            knows_strategies = connection.server_version >= _FIRST_WITH_STRATEGIES
            strategy = _COPYING_FILES if knows_strategies else ""
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{copied}"{strategy}')
        return f"{self._base}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database, closing whatever is still connected to it."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    @contextlib.contextmanager
    def _connect(self) -> Iterator[psycopg2.extensions.connection]:
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True  # CREATE DATABASE refuses to run in a transaction
            yield connection
        finally:
            connection.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run a PostgreSQL server on a free port of 127.0.0.1 until the session ends."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield PostgresServer(given)
        return
    with run_postgres() as url:
        yield PostgresServer(url)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Make an empty PostgreSQL database for one test."""
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Name a SQLite file that does not exist yet, for one test."""
    return f"sqlite:///{tmp_path / 'tabletap.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Run the test on both databases: the URL of an empty one."""
    # Asked for by name, so that a SQLite run starts no server.
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


class MakeDatabase(Protocol):
    """What the fixture `make_database` is. kind: sqlite or postgres.

    filled_by: gets the URL of an empty database, once a session, and leaves nothing connected.
    """

    def __call__(self, kind: str, *, filled_by: Callable[[str], object]) -> str: ...


@pytest.fixture(scope="session")
def database_templates() -> dict[tuple[str, Callable[[str], object]], str]:
    """Keep the URLs of filled databases for `make_database`, for the whole session."""
    return {}


@pytest.fixture
def make_database(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    database_templates: dict[tuple[str, Callable[[str], object]], str],
) -> Iterator[MakeDatabase]:
    """Give a function that makes databases with tables and rows in them, for one test."""
    made: list[str] = []

    def postgres() -> PostgresServer:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        return server

    def find_template(kind: str, fill: Callable[[str], object]) -> str:
        if (kind, fill) not in database_templates:
            if kind == "postgres":
                url = postgres().create_database()
            else:
                url = f"sqlite:///{tmp_path_factory.mktemp('template') / 'tabletap.db'}"
            fill(url)
            database_templates[kind, fill] = url
        return database_templates[kind, fill]

    def make(kind: str, *, filled_by: Callable[[str], object]) -> str:
        template = find_template(kind, filled_by)
        if kind == "postgres":
            made.append(postgres().create_database(template=template))
            return made[-1]
        copied = tmp_path / f"tabletap-{uuid.uuid4().hex}.db"
        _copy_sqlite(Path(template.removeprefix("sqlite:///")), copied)
        return f"sqlite:///{copied}"

    yield make
    for url in made:
        postgres().drop_database(url)


class PostgresCluster:
    """A server and its data. url: of its maintenance database, the same in every life."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._port = find_free_port()
        self.url = f"postgresql://{_USER}@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        self._process = _start(self._programs, self._folder, port=self._port, url=self.url)

    def stop(self) -> None:
        """Stop it; SIGINT is the fast shutdown, which does not wait for clients."""
        assert self._process is not None
        self._process.send_signal(2)
        self._process.wait(30)

    def fail_over(self) -> None:
        """Let it come back as the standby of itself that was promoted, on a timeline of its own."""
        self.stop()
        (self._folder / "data" / "standby.signal").touch()
        self.start()
        with (
            contextlib.closing(psycopg2.connect(self.url)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT pg_promote()")
            assert cursor.fetchone() == (True,)


@contextlib.contextmanager
def run_postgres() -> Iterator[str]:
    """Start a server, yield the URL of its maintenance database, stop it at the end."""
    with run_cluster() as cluster:
        yield cluster.url


@contextlib.contextmanager
def run_cluster() -> Iterator[PostgresCluster]:
    """Start a server of one's own, which may be stopped and failed over; stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tabletap-postgres-"))
    try:
        _give_to_nobody(folder)
        programs = _readable_by_nobody(find_postgres_folder(), folder)
        _initialise(programs, folder)
        cluster = PostgresCluster(programs, folder)
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_free_port() -> int:
    """Return a port that nobody listens on.

    It lies below 32768, where the ports of outgoing connections begin: one of those could take it
    between this look and the server's start. For the same reason each process of a run that has
    several looks among ports of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 10_000 + worker % _PORT_RANGES * _PORT_RANGE
    while True:
        # Not of `random`, whose seed is the same at the start of each test.
        port = first + secrets.randbelow(_PORT_RANGE)
        if port == _REFUSED_BY_BROWSERS:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def _copy_sqlite(source: Path, target: Path) -> None:
    """Copy by SQLite itself: it also sees what still stands in the write-ahead log."""
    with (
        contextlib.closing(sqlite3.connect(source)) as read,
        contextlib.closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written)


def _start(programs: Path, folder: Path, *, port: int, url: str) -> subprocess.Popen[bytes]:
    settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={folder}", *_FAST]
    with (folder / "log").open("wb") as log:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port)]
            + [part for setting in settings for part in ("-c", setting)],
            stdout=log,
            stderr=log,
            **_as_server(folder),
        )

    def is_up() -> bool:
        if process.poll() is not None:
            raise ToolMissing("PostgreSQL", f"It ended with: {(folder / 'log').read_text()}")
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            return False
        return True

    wait_until(is_up, "PostgreSQL to accept connections", deadline_s=_START_DEADLINE_S)
    return process


def _initialise(programs: Path, folder: Path) -> None:
    done = subprocess.run(
        [programs / "initdb", "-D", folder / "data", *_INITDB_OPTIONS],
        capture_output=True,
        text=True,
        check=False,
        **_as_server(folder),
    )
    if done.returncode:
        raise ToolMissing("PostgreSQL", f"Its initdb said: {done.stderr}")


def _as_server(folder: Path) -> dict[str, Any]:
    """How the server's programs are started: in its folder, and never as root."""
    started: dict[str, Any] = {
        "cwd": folder,
        "env": {**os.environ, "LC_ALL": "C", "HOME": str(folder)},
    }
    if os.geteuid() == 0:
        started |= {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    return started


def _give_to_nobody(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)


def _readable_by_nobody(programs: Path, folder: Path) -> Path:
    """Return the programs' folder, or that of a copy where nobody may not look into it.

    An environment in a home that others cannot enter is the case: the wheel's whole package is
    copied then, with the libraries beside it.
    """
    is_open = all(parent.stat().st_mode & 0o001 for parent in (programs, *programs.parents))
    if os.geteuid() != 0 or is_open:
        return programs
    package = programs.parents[1]
    copies = folder / "programs"
    for tree in (package, package.with_name(f"{package.name}.libs")):
        if tree.exists():
            shutil.copytree(tree, copies / tree.name, symlinks=True)
    copies.chmod(0o755)
    return copies / package.name / programs.relative_to(package)
