"""A demo cafe of its own for one benchmark: fresh data, free port, ended by its PID."""

import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from client.rest import RestClient
from demo.staffer import Staffer
from domain.demo import DemoDescription
from domain.roles import Role
from domain.views.base import View
from tests.support.servers import Server
from tests.support.services import PostgresServer, run_postgres
from tests.support.waiting import wait_until

ORDER_CREATED = "order_created"
_EVENTS_PAGE = 500
_STOP_LEVELS = ("warning", "error", "critical")


class LoggedEvent(View, frozen=True, kw_only=True):
    """A row of the log as GET /events shows it."""

    seq: int
    event_id: str
    epoch: str
    at: datetime
    user_id: str | None
    event: dict[str, Any]


class EventsPage(View, frozen=True, kw_only=True):
    events: list[LoggedEvent]


@contextmanager
def run_demo(*arguments: str, database_url: str = "", **settings: str) -> Iterator[Server]:
    """Start `tabletap.py demo --json` with more arguments and stop it at the end.

    database_url: empty means a SQLite file in the data folder.
    """
    if database_url:
        settings["database_url"] = database_url
    with _run("demo", "--json", *arguments, **settings) as server:
        yield server


@contextmanager
def run_empty() -> Iterator[Server]:
    """Start `tabletap.py serve` where there is no cafe yet and stop it at the end."""
    with _run("serve") as server:
        yield server


@contextmanager
def _run(*command: str, **settings: str) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="tabletap-bench-") as folder:
        server = Server(data_dir=Path(folder), settings=settings, command=list(command))
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
    """List what the server logged at warning or above, in short: the last line of a trace."""
    return [
        f"{line['level']} {line['event']} "
        f"{line.get('message') or str(line.get('trace', '')).rpartition(chr(10))[2]}"[:300]
        for line in server.read_log()
        if line["level"] in _STOP_LEVELS
    ]


def employ(description: DemoDescription, role: Role) -> Staffer:
    """Return somebody who has this role in the demo."""
    account = next(each for each in description.accounts if each.role is role)
    return Staffer(description.url, account)


async def read_log(rest: RestClient) -> list[LoggedEvent]:
    """Read the whole log of the cafe, as a manager."""
    events: list[LoggedEvent] = []
    while True:
        after = events[-1].seq if events else 0
        path = f"/events?after={after}&limit={_EVENTS_PAGE}"
        page = await rest.call("GET", path, EventsPage)
        events += page.events
        if len(page.events) < _EVENTS_PAGE:
            return events


def list_submitted(log: list[LoggedEvent]) -> Iterator[str]:
    """Yield the note of every round that was submitted: benchmarks put the command's id there."""
    for row in log:
        if row.event["type"] in (ORDER_CREATED, "order_round_added"):
            number = row.event.get("roundNumber", 1)
            rounds = row.event["order"]["rounds"]
            yield next(each["note"] for each in rounds if each["roundNumber"] == number)


def find_miscounted(
    counts: Counter[str], *, acknowledged: Iterable[str], sent: Collection[str], where: str
) -> list[str]:
    """List what is wrong with how often each command's id was found; once is right.

    acknowledged: must be there. sent: may be there, everything else may not.
    """
    return [
        f"{len(found)} commands are {what} {where}, such as {found[0]}"
        for what, found in (
            ("acknowledged and not in", [each for each in acknowledged if counts[each] == 0]),
            ("more than once in", [each for each, count in counts.items() if count > 1]),
            ("unknown but in", [each for each in counts if each not in sent]),
        )
        if found
    ]


@contextmanager
def open_database(kind: str) -> Iterator[str]:
    """Yield the URL of an empty database. kind: sqlite (its URL is empty) or postgres."""
    if kind == "sqlite":
        yield ""
    else:
        with run_postgres() as url:
            yield PostgresServer(url).create_database()
