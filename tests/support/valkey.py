"""A real Valkey (or Redis) for one test: started empty on a free port, and broken on purpose.

`valkey` runs one for the test; `run_valkey()` is the same for whoever is no test. Nothing of it
is written to disk: what it forgets, TableTap must be able to miss.
"""

import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.support.services import find_free_port
from tests.support.tools import ToolMissing, find_valkey
from tests.support.waiting import wait_until


class ValkeyServer:
    """One server on one port; it may be ended and started again, and is empty each time."""

    def __init__(self, folder: Path) -> None:
        self.port = find_free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._log_file = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(find_valkey()), "--port", str(self.port), "--bind", "127.0.0.1"),
                    *("--save", "", "--appendonly", "no", "--dir", str(self._folder)),
                ],
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, f"Valkey to answer on {self.port}")

    def kill(self) -> None:
        """End it at once (SIGKILL)."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it, frozen or not; one that has ended is no fault."""
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._end(signal.SIGTERM)

    def restart(self) -> None:
        """End it and start it again."""
        self.kill()
        self.start()

    def freeze(self) -> None:
        """Stop it in its tracks (SIGSTOP): connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def flush(self) -> None:
        """Let it forget everything, scripts too."""
        with self.connect() as client:
            client.flushall()
            client.script_flush()

    @contextlib.contextmanager
    def connect(self) -> Iterator[Redis]:
        """Speak to it as somebody else on the same Redis does."""
        client = Redis.from_url(self.url, socket_timeout=5)
        try:
            yield client
        finally:
            client.close()

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise ToolMissing("Valkey", f"It ended with: {self._log_file.read_text()}")
        try:
            with self.connect() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(30)


@contextlib.contextmanager
def run_valkey() -> Iterator[ValkeyServer]:
    """Run a server until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="tabletap-valkey-"))
    server = ValkeyServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """Run a server for one test: it is up in a tenth of a second."""
    with run_valkey() as server:
        yield server
