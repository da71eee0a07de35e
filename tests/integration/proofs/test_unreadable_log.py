"""A row of the log that this version cannot read: nobody is locked out by it, and all are told.

After a step back to an older version, or beside a newer process, the log may hold types of events
that are unknown here.
"""

import asyncio

from domain.roles import Role
from models.database import close_database, open_database
from tests.integration.proofs.conftest import DemoCafe
from tests.support.logs import ExpectedLogs
from tests.support.people import Watcher, sign_in, sit_down
from tests.support.two_cafes import list_choosable, make_line


def write_as_another_version(database_url: str, seq: int) -> None:
    """Make a row of the log an event of a type that nobody here knows."""
    database = open_database(database_url)
    with database.connection_context():
        database.execute_sql(
            f'UPDATE event_log SET payload = \'{{"type":"drone_dispatched"}}\' WHERE seq = {seq:d}'
        )
    close_database(database)


async def test_a_row_of_another_version_locks_nobody_out(
    demo_cafe: DemoCafe, expected_logs: ExpectedLogs
):
    """Who has it goes on, who would need it is told to load a snapshot, who is new is let in."""
    expected_logs.add("log_unreadable", "replay_not_read")
    description, contract = demo_cafe.description, demo_cafe.contract
    guest = await sit_down(description, contract)
    manager = await sign_in(description, Role.MANAGER, contract)
    line = make_line((await list_choosable(guest))[0])
    async with Watcher(
        manager, "admin", max_attempts=None, sleep=lambda _: asyncio.sleep(0.1)
    ) as knowing:
        await guest.do("/orders", {"lines": [line]})
        await knowing.see("order_number_preparing")
        last = knowing.connection.position
        assert last is not None
        await asyncio.to_thread(demo_cafe.server.kill)
        await asyncio.to_thread(write_as_another_version, demo_cafe.database_url, last.seq)
        await asyncio.to_thread(demo_cafe.server.start)

        async with (
            Watcher(manager, "admin", position=knowing.messages[0].position) as behind,
            Watcher(manager, "admin") as new,
        ):
            resync = await behind.see("resync")
            order = await guest.do("/orders", {"lines": [line]})
            for each in (knowing, behind, new):
                await each.see("order_round_added", orderId=order["orderId"])
            rows = (await manager.get(f"/events?after={last.seq - 1}"))["events"]

    assert resync["reason"] == "log_unreadable"
    # The log is served with the bad row as such, and without a gap.
    assert [each["isReadable"] for each in rows] == [False] + [True] * (len(rows) - 1)
    assert [each["seq"] for each in rows] == list(range(last.seq, last.seq + len(rows)))
    assert rows[0]["event"] is None
    assert len(rows) > 1
    assert "resync" not in {each.type for each in knowing.messages}
    guest.close()
    manager.close()
