"""A demo cafe of its own for one benchmark: fresh data, free port, ended by its PID."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from domain.demo import DemoDescription
from tests.support.servers import Server
from tests.support.waiting import wait_until

_STOP_LEVELS = ("warning", "error", "critical")


@contextmanager
def run_demo(*arguments: str, database_url: str = "", **settings: str) -> Iterator[Server]:
    """Start `tabletap.py demo --json` with more arguments and stop it at the end.

    database_url: empty means a SQLite file in the data folder.
    """
    with tempfile.TemporaryDirectory(prefix="tabletap-bench-") as folder:
        if database_url:
            settings["database_url"] = database_url
        server = Server(
            data_dir=Path(folder), settings=settings, command=["demo", "--json", *arguments]
        )
        server.start()
        try:
            yield server
        finally:
            if server.is_running:
                server.stop()


def read_description(server: Server) -> DemoDescription:
    """Return what the demo printed about itself."""
    wait_until(lambda: b"\n" in server.output_file.read_bytes(), "the demo's line")
    first_line = server.output_file.read_bytes().splitlines()[0]
    return msgspec.json.decode(first_line, type=DemoDescription)


def list_complaints(server: Server) -> list[str]:
    """List what the server logged at warning or above, in short."""
    return [
        f"{line['level']} {line['event']} {str(line.get('message', ''))[:200]}"
        for line in server.read_log()
        if line["level"] in _STOP_LEVELS
    ]
