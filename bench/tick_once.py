"""Three processes on one PostgreSQL measure a cafe's figures: each period once, also after a kill.

    python -m bench.tick_once [--seconds 45] [--without-redis] [--with-redis]

A manager listens at each of the three while orders change the figures; in the middle one process is
killed with -9. A trigger of the database notes each lease that was taken. Exit code 1 when a period
was measured twice, when more than the one that the killed process was in was left out, or when a
listener got a version twice, out of order, or not at all. Needs nginx, as every fleet here does.
"""

import asyncio
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import psycopg2

from bench.demo_server import employ
from bench.machine import build_parser, describe_run, report_verdict
from demo.staffer import Staffer
from domain.commands import PlaceOrder
from domain.roles import Role
from tests.support.demo_cafe import draft_line
from tests.support.fleet import Fleet, run_fleet
from tests.support.services import PostgresServer, run_postgres
from tests.support.valkey import run_valkey

_PROCESSES = 3
_PERIOD_MS = 5000
_ORDER_EVERY_S = 2.0
_TRIGGER = """
CREATE TABLE taken_lease (slot BIGINT NOT NULL);
CREATE FUNCTION note_lease() RETURNS trigger AS $$
BEGIN
    IF NEW.job = 'analytics' THEN INSERT INTO taken_lease VALUES (NEW.last_run_at); END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER note_lease AFTER INSERT OR UPDATE ON job_lease
    FOR EACH ROW EXECUTE FUNCTION note_lease();
"""


class Listener(msgspec.Struct, kw_only=True):
    """A manager at one process. versions: of the figures that came, as they came."""

    number: int
    versions: list[int]


def main() -> int:
    """Run the proof and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=45)
    parser.add_argument("--without-redis", action="store_true", help="only that")
    parser.add_argument("--with-redis", action="store_true", help="only that")
    options = parser.parse_args()
    print(describe_run())
    faults: list[str] = []
    for has_redis in (False, True):
        if (has_redis and options.without_redis) or (not has_redis and options.with_redis):
            continue
        name = "valkey" if has_redis else "alone"
        faults += [f"{name}: {each}" for each in _prove(name, has_redis, options.seconds)]
    return report_verdict(faults)


def _prove(name: str, has_redis: bool, seconds: float) -> list[str]:
    with ExitStack() as stack:
        database_url = PostgresServer(stack.enter_context(run_postgres())).create_database()
        redis_url = stack.enter_context(run_valkey()).url if has_redis else ""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tabletap-bench-")))
        fleet = stack.enter_context(
            run_fleet(folder, database_url=database_url, redis_url=redis_url, count=_PROCESSES)
        )
        _execute(database_url, _TRIGGER)
        listeners = asyncio.run(_work(fleet, seconds))
        slots = _read_slots(database_url)
    return _report(name, slots, listeners)


async def _work(fleet: Fleet, seconds: float) -> list[Listener]:
    listeners = [Listener(number=number, versions=[]) for number in range(_PROCESSES)]
    listening = [
        asyncio.create_task(_listen(employ(fleet.describe(each.number), Role.OWNER), each))
        for each in listeners
    ]
    selling = asyncio.create_task(_sell(employ(fleet.describe(0), Role.COUNTER)))
    await asyncio.sleep(seconds / 2)
    fleet.processes[-1].kill()
    await asyncio.sleep(seconds / 2)
    selling.cancel()
    await asyncio.sleep(2 * _PERIOD_MS / 1000)  # what the last order changed is pushed by then
    for task in listening:
        task.cancel()
    await asyncio.gather(selling, *listening, return_exceptions=True)
    return listeners


async def _listen(owner: Staffer, listener: Listener) -> None:
    async with owner.connect("admin") as connection:
        async for message in connection.messages():
            if message.type == "real_time_analytics":
                listener.versions.append(message.data["analytics"]["version"])


async def _sell(till: Staffer) -> None:
    """Change the figures all the time."""
    rest = await till.sign_in()
    line = draft_line(await rest.read_menu(), "Espresso")
    while True:
        await rest.place_order(PlaceOrder(lines=[line]))
        await asyncio.sleep(_ORDER_EVERY_S)


def _report(name: str, slots: list[int], listeners: list[Listener]) -> list[str]:
    faults: list[str] = []
    twice = len(slots) - len(set(slots))
    if twice:
        faults.append(f"{twice} periods were measured twice")
    expected = range(min(slots), max(slots) + 1, _PERIOD_MS)
    missing = set(expected) - set(slots)
    if len(missing) > 1:
        faults.append(f"{len(missing)} periods were left out, and one process was killed")
    faults += [
        f"process {listener.number} pushed {listener.versions}"
        for listener in listeners
        if listener.versions != sorted(set(listener.versions))
    ]
    survivors = [listener.versions for listener in listeners[:-1]]
    first = max(versions[0] for versions in survivors)
    heard = [[version for version in versions if version >= first] for versions in survivors]
    if any(versions != list(range(first, heard[0][-1] + 1)) for versions in heard):
        faults.append(f"a version did not come to every process: {heard}")
    print(
        f"{name:<9} {len(slots)} periods measured, {twice} twice, {len(missing)} left out;"
        f" versions {first} to {heard[0][-1]} at both that live,"
        f" {len(listeners[-1].versions)} at the killed one"
    )
    return faults


def _execute(database_url: str, statements: str) -> None:
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute(statements)
        connection.commit()


def _read_slots(database_url: str) -> list[int]:
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT slot FROM taken_lease ORDER BY slot")
        return [slot for (slot,) in cursor.fetchall()]


if __name__ == "__main__":
    sys.exit(main())
