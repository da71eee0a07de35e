"""A simulated kitchen station: hands that start, finish and bump tickets as time passes.

It sees what a kitchen display sees (a snapshot, then messages of its station) and acts by the
commands a display sends. Tickets of real guests are cooked like all others, and a person at a
display may work beside it: whoever is second gets an ordinary refusal.
"""

import asyncio
from random import Random

from client.connection import Connection
from client.messages import ClientError
from demo.boards import TicketBoard, find_ticket, list_uncooked, list_unseen_voids
from demo.pace import FASTEST_SHARE, SLOWEST_SHARE, Pace
from demo.staffer import Staffer
from demo.tally import Tally
from domain.commands import (
    AcknowledgeVoid,
    BumpTicket,
    Command,
    FinishItems,
    ItemUnits,
    RecallTicket,
    StartTicket,
)
from domain.rooms import Room, RoomKind
from domain.statuses import TicketStatus
from domain.views.kitchen import TicketView

_COMMAND_TYPES: dict[type[Command], str] = {
    AcknowledgeVoid: "acknowledge_void",
    BumpTicket: "bump_ticket",
    FinishItems: "finish_items",
    RecallTicket: "recall_ticket",
    StartTicket: "start_ticket",
}
_NOTICES_MISTAKE_S = 1.5  # from a bump to its recall, at any speed: people need that long


class Station:
    """One station with its display and its cooks. `work` runs until it is cancelled."""

    def __init__(
        self,
        *,
        station_id: str,
        staffer: Staffer,
        pace: Pace,
        random: Random,
        tally: Tally,
    ) -> None:
        self._station_id = station_id
        self._staffer = staffer
        self._pace = pace
        self._random = random
        self._tally = tally
        self._board = TicketBoard()

    async def work(self) -> None:
        """Open the display and cook."""
        cafe_id = await self._staffer.get_cafe_id()
        room = str(Room(cafe_id, RoomKind.STATION, self._station_id))
        async with self._staffer.connect("kitchen", rooms=[room]) as connection:
            await connection.wait_until_live()
            await self._load()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(connection))
                for _ in range(self._pace.hands):
                    tasks.create_task(self._cook(connection))

    async def _load(self) -> None:
        rest = await self._staffer.sign_in()
        self._board.load((await rest.list_tickets(self._station_id)).tickets)

    async def _watch(self, connection: Connection) -> None:
        async for message in connection.messages():
            if message.type == "resync":
                await self._load()
            elif (ticket := find_ticket(message)) and ticket.station_id == self._station_id:
                self._board.take_in(ticket)

    async def _cook(self, connection: Connection) -> None:
        while True:
            ticket = await self._board.wait_and_claim()
            try:
                await self._finish(ticket, connection)
            except ClientError as error:
                self._tally.note(error, f"Cooking order {ticket.order_number}")
                # What was refused shows in the next view of the ticket; a breath keeps a cook
                # whose view is old from asking the same again and again.
                await asyncio.sleep(1 / self._pace.speed)
            finally:
                self._board.release(ticket.ticket_id)

    async def _finish(self, ticket: TicketView, connection: Connection) -> None:
        for item in list_unseen_voids(ticket):
            await _send(connection, AcknowledgeVoid(item_id=item.item_id))
        if not list_uncooked(ticket):
            return
        await asyncio.sleep(self._random.random() * self._pace.notice_s)
        ticket = self._board.find(ticket.ticket_id) or ticket
        if not list_uncooked(ticket):
            return  # taken back while nobody had begun
        if ticket.status is TicketStatus.RECEIVED:
            await _send(connection, StartTicket(ticket_id=ticket.ticket_id))
        await self._prepare(ticket, connection)
        ticket = self._board.find(ticket.ticket_id) or ticket
        if list_uncooked(ticket):
            await _send(connection, BumpTicket(ticket_id=ticket.ticket_id))
            self._tally.bumps += 1
        if self._random.random() < self._pace.recall_share:
            await asyncio.sleep(_NOTICES_MISTAKE_S)
            # It comes back as a ticket to do, for whichever cook is free.
            await _send(connection, RecallTicket(ticket_id=ticket.ticket_id))
            self._tally.recalls += 1

    async def _prepare(self, ticket: TicketView, connection: Connection) -> None:
        """Let the time of cooking pass, sometimes finishing line by line."""
        items = list_uncooked(ticket)
        share = self._random.uniform(FASTEST_SHARE, SLOWEST_SHARE)
        line_s = ticket.target_s * share / self._pace.speed / len(items)
        is_line_by_line = self._random.random() < self._pace.line_by_line_share
        for item in items:
            await asyncio.sleep(line_s)
            if is_line_by_line and item is not items[-1]:
                await self._finish_line(ticket.ticket_id, item.item_id, connection)

    async def _finish_line(self, ticket_id: str, item_id: str, connection: Connection) -> None:
        now = self._board.find(ticket_id)
        if now is None or all(item.item_id != item_id for item in list_uncooked(now)):
            return  # voided or finished by somebody else in the meantime
        await _send(connection, FinishItems(items=[ItemUnits(item_id=item_id)]))


async def _send(connection: Connection, command: Command) -> None:
    await connection.send(_COMMAND_TYPES[type(command)], command)
