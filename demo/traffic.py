"""Guests and staff that use the demo by themselves, from outside, over HTTP and WebSocket.

`tabletap.py demo --traffic calm|rush` runs this on its own loop: the log is one, and a stop stops
both. It knows what `demo --json` prints and nothing else of the server. All chance comes from one
seed. With `minutes`, guests stop coming after that time, and `run` returns when everything that
was ordered is served or voided, and paid.
"""

import asyncio
import logging
from collections.abc import Coroutine
from random import Random
from typing import Any

from demo.cooks import Station
from demo.floor import Floor
from demo.guests import Guest
from demo.pace import Pace
from demo.staffer import Staffer
from demo.tally import Tally
from domain.demo import DemoAccount, DemoDescription, DemoTable
from domain.roles import Role

# Tables at which no simulated guest sits down, so that a person who tries the demo finds one.
_TABLES_FOR_PEOPLE = 3
_REPORT_PERIOD_S = 60.0

log = logging.getLogger(__name__)


async def run_traffic(
    description: DemoDescription, *, pace: Pace, seed: int = 1, minutes: float | None = None
) -> Tally:
    """Let guests and staff in until cancelled, or for some minutes; return what they did."""
    traffic = Traffic(description, pace=pace, seed=seed)
    await traffic.run(minutes=minutes)
    return traffic.tally


class Traffic:
    """One evening's guests and staff. `run` is all of it; cancelling it stops at once."""

    def __init__(self, description: DemoDescription, *, pace: Pace, seed: int) -> None:
        self.tally = Tally()
        self._description = description
        self._pace = pace
        self._random = Random(seed)
        self._staff: list[Staffer] = []
        self._tables = sorted(description.tables, key=lambda table: table.number)
        self._taken: set[int] = set()
        self._visits: set[asyncio.Task[None]] = set()
        self._clerk = self._make_staffer(Role.COUNTER)
        self._floor = Floor(
            staffer=self._clerk,
            pace=pace,
            random=self._branch(),
            tally=self.tally,
        )

    async def run(self, *, minutes: float | None = None) -> None:
        """Work until cancelled, or let guests come for some minutes and finish what they ordered.

        Raises: ExceptionGroup when somebody of the staff cannot go on.
        """
        try:
            async with asyncio.TaskGroup() as staff:
                on_duty = [
                    staff.create_task(each, name="demo staff") for each in self._list_shifts()
                ]
                try:
                    await self._floor.wait_until_open()
                    await self._clear_tables()
                    await self._serve(minutes)
                finally:
                    # Before the staff: who is about to pay would find nobody at the counter.
                    await self._send_guests_home()
                for task in on_duty:
                    task.cancel()
        finally:
            for staffer in self._staff:
                staffer.close()
            log.info("traffic ended: %s", self.tally.describe())

    async def _serve(self, minutes: float | None) -> None:
        try:
            async with asyncio.timeout(None if minutes is None else minutes * 60):
                await self._let_guests_come()
        except TimeoutError:
            await self._wait_until_finished()

    async def _send_guests_home(self) -> None:
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def _list_shifts(self) -> list[Coroutine[Any, Any, None]]:
        cook = self._make_staffer(Role.KITCHEN)
        stations = [
            Station(
                station_id=station.id,
                staffer=cook,
                pace=self._pace,
                random=self._branch(),
                tally=self.tally,
            ).work()
            for station in self._description.stations
        ]
        return [self._floor.work(), self._report_for_ever(), *stations]

    async def _clear_tables(self) -> None:
        """Send home whom an earlier run left at the tables: nobody else would close them."""
        ours = {table.number for table in self._tables[:-_TABLES_FOR_PEOPLE]}
        rest = await self._clerk.sign_in()
        for table in (await rest.list_tables()).tables:
            if table.number in ours and table.table_session_id is not None:
                self._floor.note_departure(table.table_session_id)

    async def _let_guests_come(self) -> None:
        """Arrivals are independent of each other: the gaps are exponential."""
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            due_s += self._random.expovariate(self._pace.orders_per_minute / 60)
            await asyncio.sleep(due_s - loop.time())
            visit = asyncio.create_task(self._visit(self._branch()), name="demo visit")
            self._visits.add(visit)
            visit.add_done_callback(self._end_visit)

    async def _visit(self, random: Random) -> None:
        table: DemoTable | None = None
        try:
            if random.random() < self._pace.seated_share:
                table = await self._find_free_table(random)
            if table is None:
                await self._floor.sell()
            else:
                guest = Guest(
                    url=self._description.url, pace=self._pace, random=random, tally=self.tally
                )
                await guest.visit(_read_code(table), counter=self._floor)
        finally:
            if table is not None:
                self._taken.discard(table.number)

    def _end_visit(self, visit: asyncio.Task[None]) -> None:
        self._visits.discard(visit)
        if not visit.cancelled() and isinstance(error := visit.exception(), Exception):
            self.tally.note(error, "A visit")

    async def _find_free_table(self, random: Random) -> DemoTable | None:
        """Choose a table where nobody sits, and none of those kept for people."""
        rest = await self._clerk.sign_in()
        shown = (await rest.list_tables()).tables
        free_numbers = {table.number for table in shown if table.table_session_id is None}
        free = [
            table
            for table in self._tables[:-_TABLES_FOR_PEOPLE]
            if table.number in free_numbers and table.number not in self._taken
        ]
        if not free:
            return None
        table = random.choice(free)
        self._taken.add(table.number)
        return table

    async def _wait_until_finished(self) -> None:
        log.info("no more guests; finishing what was ordered")
        if self._visits:
            await asyncio.wait(self._visits)
        await self._floor.wait_until_all_is_served()

    async def _report_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_PERIOD_S)
            log.info("traffic so far: %s", self.tally.describe())

    def _make_staffer(self, role: Role) -> Staffer:
        staffer = Staffer(self._description.url, _find_account(self._description, role))
        self._staff.append(staffer)
        return staffer

    def _branch(self) -> Random:
        """Give somebody a generator of their own: who is faster then changes nobody's choices."""
        return Random(self._random.getrandbits(64))


def _find_account(description: DemoDescription, role: Role) -> DemoAccount:
    return next(account for account in description.accounts if account.role is role)


def _read_code(table: DemoTable) -> str:
    return table.link.rpartition("/")[2]
