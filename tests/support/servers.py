"""The real server as a process of its own: started on a free port, stopped by its PID.

`start_server(...)` is a factory: `server = start_server(database_url=...)` runs `tabletap.py serve`
and returns when /readyz says yes. At the end of the test every server is stopped with SIGTERM, and
unexpected warnings in its log fail the test. `server.kill()` ends it as a power cut would.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support.logs import ExpectedLogs
from tests.support.services import find_free_port
from tests.support.tools import ROOT
from tests.support.waiting import wait_until

_STOP_DEADLINE_S = 20.0
# The second one would have each of hundreds of starts compile the product anew.
_NOT_INHERITED = frozenset({"ALLOWED_ORIGINS", "PYTHONDONTWRITEBYTECODE"})
# A machine's proxy has no way to our own server.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


# A test does in seconds what a cafe does in an hour; tests of the limits set their own.
GENEROUS_LIMITS: Mapping[str, int] = {
    "rate_limit_factor": 1000,
    "frames_per_second": 10_000,
    "frame_burst": 100_000,
    "connections_per_person": 10_000,
}


class Server:
    """One life of `tabletap.py`; `restart` begins the next one on the same port and data."""

    def __init__(self, *, data_dir: Path, settings: Mapping[str, str], command: list[str]) -> None:
        """settings: field name -> text, as in config/settings.py. command: after tabletap.py."""
        self.data_dir = data_dir
        self.port = find_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = data_dir / "server.log"
        # What a command prints, such as the line of `demo --json`, is kept apart from the log.
        self.output_file = data_dir / "server.out"
        self._settings = {
            "data_dir": str(data_dir),
            "port": str(self.port),
            "log_format": "json",
            **{name: str(limit) for name, limit in GENEROUS_LIMITS.items()},
            **settings,
        }
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the running life."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the process and wait until it is ready for requests."""
        assert not self.is_running
        with self.log_file.open("ab") as log, self.output_file.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "tabletap.py", *self._command],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
            )
        wait_until(self._is_ready, f"{self.url}/readyz to say yes")

    def stop(self) -> int:
        """Ask the process to end as an operator does (SIGTERM) and return its exit code."""
        assert self._process is not None
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
        return self._wait()

    def kill(self) -> None:
        """End the process at once (SIGKILL): nothing is flushed, nobody is told."""
        assert self._process is not None
        self._process.kill()
        self._wait()

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another command of `tabletap.py` on the same data, beside the server or not."""
        return subprocess.run(
            [sys.executable, "tabletap.py", *command],
            cwd=ROOT,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=_STOP_DEADLINE_S,
            check=False,
        )

    def restart(self) -> None:
        """Stop, then start again on the same port with the same data."""
        self.stop()
        self.start()

    def read_log(self) -> list[dict[str, Any]]:
        """Return every line logged so far, of all lives; a line that is no JSON is an error."""
        return [_parse_line(line) for line in self.log_file.read_text().splitlines()]

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("TABLETAP_") and name not in _NOT_INHERITED
        }
        ours = {f"TABLETAP_{name.upper()}": value for name, value in self._settings.items()}
        return {**inherited, **ours}

    def _is_ready(self) -> bool:
        assert self.is_running, f"the server ended: {self.log_file.read_text()[-4000:]}"
        try:
            with _OPENER.open(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def _wait(self) -> int:
        assert self._process is not None
        try:
            return self._process.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"{self.url} did not end in {_STOP_DEADLINE_S} s") from None


class StartServer(Protocol):
    """What the fixture `start_server` is. command: serve, or demo with its arguments."""

    def __call__(self, *command: str, **settings: str) -> Server: ...


@pytest.fixture
def start_server(tmp_path: Path, expected_logs: ExpectedLogs) -> Iterator[StartServer]:
    """Give a function that starts servers; all of them end with the test."""
    servers: list[Server] = []

    def start(*command: str, **settings: str) -> Server:
        data_dir = tmp_path / f"server-{len(servers)}"
        data_dir.mkdir()
        server = Server(data_dir=data_dir, settings=settings, command=list(command) or ["serve"])
        servers.append(server)
        server.start()
        return server

    try:
        yield start
        codes = [server.stop() for server in servers if server.is_running]
    finally:
        for server in servers:
            if server.is_running:
                server.kill()
    assert codes == [0] * len(codes), "a server did not end cleanly after SIGTERM"
    for server in servers:
        unexpected = expected_logs.find_unexpected(server.read_log())
        assert unexpected == [], f"the server logged what the test did not announce: {unexpected}"


def _parse_line(line: str) -> dict[str, Any]:
    try:
        parsed = json.loads(line)
        return {"level": parsed["level"], "event": parsed["event"], **parsed}
    except (ValueError, KeyError, TypeError):
        return {"level": "error", "event": "not_a_log_line", "message": line}
