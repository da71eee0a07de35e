"""Visit every screen in every state that it has, keep pictures of them, and look for faults.

    python -m bench.screens [--check] [--act NAME ...] [--only PICTURE ...] [--folder DIR] [--all]

Starts the demo on a free port with fresh data for each act, lets things happen in it over REST
(lunch.py, crowd.py) and looks at it with Chromium, as the devices do: a wall of 1920 by 1080, a
desk of 1440 by 900, a tablet of 1180 by 820, a phone of 390 by 844. Nothing is put into a page by
hand.

With --check every window is also judged: overflow, overlaps, cut text and small letters at every
size that such a device may have (layout.py), axe in both themes and at 200 %, the contrast of a
cook's text, motion where none is wanted (looks.py), its console, its requests and its content
policy. Exits with 1 when anything is found. --all keeps a picture of everything and of every view,
for a person to see through; name another folder then.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from playwright.async_api import Error

from bench.demo_server import read_description, run_demo, run_empty
from bench.machine import ROOT, build_parser, describe_run
from bench.screens import doors, floor, guests, kitchen, office, outage, waits
from bench.screens.camera import Camera, Orders
from bench.screens.crowd import CROWD, RENAMED
from bench.screens.lunch import CALM, RUSH, Lunch, Renaming, Visit, make_it_noon
from bench.windows import open_browser
from client.messages import ClientError
from tests.support.servers import Server

Show = Callable[[Camera], Awaitable[None]]


class Act(msgspec.Struct, frozen=True):
    """A cafe at one moment, and who looks at it then, one after another.

    visits: None where there is not even a cafe. renamed: dishes, before the visits.
    """

    shows: tuple[Show, ...]
    visits: tuple[Visit, ...] | None = ()
    renamed: tuple[Renaming, ...] = ()


ACTS = {
    "set-up": Act((doors.show_set_up,), None),
    "opening": Act(
        (
            doors.show_before_anybody,
            doors.show_styleguide,
            doors.show_own_pages,
            kitchen.show_empty,
            floor.show_empty,
            guests.show_empty,
            office.show_empty,
            doors.show_pairing,
            doors.show_pins,
        )
    ),
    "calm": Act(
        (
            kitchen.man_stations,
            kitchen.show_calm,
            office.show_calm,
            waits.show_courses,
            waits.show_pauses,
            doors.show_the_end,
        ),
        CALM,
    ),
    "rush": Act(
        (
            kitchen.man_stations,
            kitchen.show_rush,
            floor.show_walls,
            floor.show_till,
            guests.show_way,
            kitchen.show_signs,
            office.show_rush,
            outage.show_offline,
        ),
        RUSH,
    ),
    "crowd": Act(
        (
            kitchen.man_stations,
            kitchen.show_crowd,
            floor.show_crowd,
            guests.show_crowd,
            office.show_crowd,
        ),
        CROWD,
        RENAMED,
    ),
}


def main() -> int:
    """Take the pictures and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screens")
    parser.add_argument("--act", nargs="*", default=(), choices=ACTS, metavar="NAME")
    parser.add_argument("--only", nargs="*", default=(), metavar="PICTURE")
    parser.add_argument("--all", action="store_true", help="keep pictures of everything")
    parser.add_argument("--check", action="store_true", help="look for faults")
    options = parser.parse_args()
    print(describe_run(), flush=True)
    options.folder.mkdir(parents=True, exist_ok=True)
    orders = Orders(
        folder=options.folder,
        wanted=frozenset(options.only),
        is_checking=options.check,
        keeps_all=options.all,
    )
    faults: list[str] = []
    for name in options.act or ACTS:
        with _perform(ACTS[name]) as server:
            faults += asyncio.run(_look(ACTS[name].shows, server, orders))
    print(f"faults    {len(faults)}")
    return 1 if faults else 0


@contextmanager
def _perform(act: Act) -> Iterator[Server]:
    """Let an act's visits happen in a cafe of its own."""
    if act.visits is None:
        with run_empty() as server:
            yield server
        return
    with run_demo() as server:
        database = server.data_dir / "tabletap.db"
        lunch = Lunch(read_description(server))
        with _stopped(server):
            make_it_noon(database)
        if act.visits:
            asyncio.run(lunch.serve(act.visits, act.renamed))
            with _stopped(server):
                lunch.let_time_pass(database)
        yield server


@contextmanager
def _stopped(server: Server) -> Iterator[None]:
    server.stop()
    yield
    server.start()


async def _look(shows: tuple[Show, ...], server: Server, orders: Orders) -> list[str]:
    """Return the faults that were found. A show that cannot go on is one, and the next begins."""
    async with open_browser() as browser:
        camera = Camera(browser, server, orders)
        for show in shows:
            try:
                await show(camera)
            except (Error, AssertionError, ClientError) as error:
                words = str(error).partition("Aria snapshot")[0]  # which is the whole page
                camera.complain(f"{show.__module__}.{show.__name__} stopped: {words}")
        camera.close()
        return camera.faults


if __name__ == "__main__":
    sys.exit(main())
