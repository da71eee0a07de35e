"""What the runner does when the database fails it: nothing lost, nothing twice, back by itself."""

import asyncio
import itertools
import multiprocessing
import secrets
from zlib import crc32

import pytest

from domain.errors import OperationTimeout, Overloaded, StorageUnavailable
from domain.events import LoggedEvent
from domain.identifiers import build_uuid7
from models.base import bind
from models.database import close_database, is_sqlite, open_database, sqlite_path
from models.rows import fetch_rows
from models.tenancy import Station
from services.event_log import read_events, read_head
from services.runner import Runner
from tests.integration.services.conftest import (
    CAFE,
    NOW,
    OTHER_CAFE,
    STAFF,
    Limits,
    Meeting,
    build_event,
    number_of,
    record_number,
)

KILL_MYSELF = "SELECT pg_terminate_backend(pg_backend_pid())"
postgres_only = pytest.mark.parametrize("filled_url", ["postgres"], indirect=True)
sqlite_only = pytest.mark.parametrize("filled_url", ["sqlite"], indirect=True)
_SPAWN = multiprocessing.get_context("spawn")


def list_numbers() -> list[int]:
    """Be a query: numbers of the logged events, in order of seq."""
    return [number_of(each) for each in read_events(CAFE, after_seq=0, limit=9999)]


def list_stations() -> list[str]:
    """Be a query: names of the cafe's stations."""
    return [row.name for row in Station.select().order_by(Station.name)]


def execute_elsewhere(url: str, statement: str) -> list[tuple]:
    """Run a statement on a connection that the runner knows nothing of."""
    database = open_database(url)
    try:
        with database.connection_context():
            cursor = database.execute_sql(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        close_database(database)


def write_from_a_process(url: str, first: int, answers) -> None:
    """Write 40 events in a process of its own, eight at a time; report the places they got."""

    async def write_all() -> list[int]:
        runner = Runner(
            database,
            Limits(),
            clock=lambda: NOW,
            # The ids of this process must not be those of another one.
            new_id=lambda: build_uuid7(unix_ms=0, random_bits=secrets.randbits(74)),
            on_committed=lambda _: None,
        )
        runner.start()
        outcomes = await asyncio.gather(
            *(
                runner.write(record_number, first + n, command_type="test", cafe_id=CAFE)
                for n in range(40)
            )
        )
        await runner.close()
        return [outcome.seq for outcome in outcomes]

    database = open_database(url)
    bind(database)
    answers.put(asyncio.run(write_all()))
    close_database(database)


def split_url(url: str) -> tuple[str, str]:
    """URL of the server's maintenance database, and the name of the test's."""
    base, _, name = url.rpartition("/")
    return f"{base}/postgres", name


def kill_backends(url: str, name: str) -> None:
    """Have PostgreSQL cut every connection to a database."""
    execute_elsewhere(
        url,
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
    )


def create_station(unit, name: str) -> None:
    """Write a row of some table, as operations do."""
    Station.create(id=unit.new_id(), cafe_id=CAFE, name=name, slug=name, target_s=60)


def limit_pages(database, pages: int) -> None:
    """Have every connection that is opened from now on see a disk of so many pages."""
    with database.connection_context():
        database.pragma("max_page_count", pages, permanent=True)


class FailsOnce:
    """An operation or hook that does something the first time it is called."""

    def __init__(self, fail) -> None:
        self.calls = 0
        self._fail = fail

    def __call__(self, *_) -> None:
        self.calls += 1
        if self.calls == 1:
            self._fail()


async def test_processes_that_write_to_one_cafe_leave_no_gap(filled_url, make_runner):
    """Whoever follows the log by `seq` sees every event, because commit order is seq order."""
    runner = make_runner()
    answers = _SPAWN.Queue()
    writers = [
        _SPAWN.Process(target=write_from_a_process, args=(filled_url, first, answers))
        for first in (1000, 2000)
    ]
    for writer in writers:
        writer.start()

    followed: list[LoggedEvent] = []
    places: list[int] = []
    while len(followed) < 120:
        if len(places) < 40:
            outcome = await runner.write(
                record_number, len(places), command_type="test", cafe_id=CAFE
            )
            places.append(outcome.seq)
        followed += await runner.read(
            read_events,
            CAFE,
            after_seq=followed[-1].seq if followed else 0,
            limit=50,
        )
        assert any(each.is_alive() for each in writers) or len(followed) <= 120
    for writer in writers:
        places += await asyncio.to_thread(answers.get)
        await asyncio.to_thread(writer.join)

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert sorted(places) == list(range(1, 121))
    assert [each.seq for each in followed] == list(range(1, 121))
    assert len({each.event_id for each in followed}) == 120


async def test_two_processes_with_one_command_have_one_effect(make_runner):
    """One waits for its turn, and gets the answer of the other."""
    runners = [make_runner(), make_runner()]
    outcomes = await asyncio.gather(
        *(
            runner.write(record_number, 1, command_type="test", identity=STAFF, command_id="one")
            for runner in runners
        )
    )

    assert sorted(outcome.is_replayed for outcome in outcomes) == [False, True]
    assert outcomes[0].body == outcomes[1].body
    assert outcomes[0].seq == outcomes[1].seq == 1
    assert await runners[0].read(list_numbers) == [1]


async def test_a_locked_database_times_out_the_write_and_not_the_loop(
    filled_url, database, make_runner
):
    """The caller is told in time, reads go on, and writes are back when the lock is gone."""
    patient = make_runner()
    hasty = make_runner(operation_timeout_s=0.3)
    other = open_database(filled_url)
    other.connect()
    other.begin()
    if not is_sqlite(database):
        other.execute_sql("LOCK TABLE cafe_head IN EXCLUSIVE MODE")

    with pytest.raises(OperationTimeout) as late:
        await hasty.write(record_number, 1, command_type="test", cafe_id=CAFE)
    assert late.value.status == 503
    assert (await patient.read(read_head, CAFE)).seq == 0
    other.rollback()
    close_database(other)
    await hasty.drain()

    outcome = await patient.write(record_number, 2, command_type="test", cafe_id=CAFE)
    # The one that was running when its caller left may have happened, once.
    assert outcome.seq in (1, 2)


async def test_a_writer_survives_what_nobody_thought_of(
    database, make_runner, expected_logs, monkeypatch
):
    """A fault in the runner itself is answered and logged, and the next write is served."""
    expected_logs.add("writer_failed")
    runner = make_runner()

    def break_down():
        raise ZeroDivisionError

    monkeypatch.setattr(database, "connect", lambda **_: break_down())
    with pytest.raises(ZeroDivisionError):
        await runner.write(record_number, 1, command_type="test", cafe_id=CAFE)
    monkeypatch.undo()

    assert (await runner.write(record_number, 2, command_type="test", cafe_id=CAFE)).seq == 1


@postgres_only
async def test_a_cafe_that_cannot_be_written_keeps_no_other_waiting(make_runner, gate):
    """Its own queue is full; whose writer is another one goes on at once."""
    numbers = [crc32(cafe_id.encode()) for cafe_id in (CAFE, OTHER_CAFE)]
    writers = next(n for n in range(2, 20) if numbers[0] % n != numbers[1] % n)
    runner = make_runner(database_writers=writers, write_queue_limit=2 * writers)
    calls = [asyncio.create_task(runner.write(gate.hold, None, command_type="t", cafe_id=CAFE))]
    await gate.entered()
    calls += [
        asyncio.create_task(runner.write(record_number, n, command_type="t", cafe_id=CAFE))
        for n in range(2)
    ]
    await asyncio.sleep(0)  # each puts its write into the queue in its first turn

    with pytest.raises(Overloaded):
        await runner.write(record_number, 9, command_type="t", cafe_id=CAFE)
    for number in range(3):
        await runner.write(record_number, number, command_type="t", cafe_id=OTHER_CAFE)
    gate.open()
    await asyncio.gather(*calls)


@postgres_only
async def test_a_deadlock_is_tried_again_alone(database, make_runner, expected_logs):
    """Two units of two cafes lock two rows in turn; both are done in the end."""
    expected_logs.add("group_failed")
    runners = [make_runner(), make_runner()]
    meeting = Meeting(2)

    def lock_both(unit, cafe_ids):
        for cafe_id in cafe_ids:
            database.execute_sql("UPDATE cafe SET grace_s = 30 WHERE id = %s", (cafe_id,))
            meeting.wait()
        unit.record(build_event(1))

    outcomes = await asyncio.gather(
        runners[0].write(lock_both, (CAFE, OTHER_CAFE), command_type="test", cafe_id=CAFE),
        runners[1].write(lock_both, (OTHER_CAFE, CAFE), command_type="test", cafe_id=OTHER_CAFE),
    )

    assert [outcome.seq for outcome in outcomes] == [1, 1]


@postgres_only
async def test_processes_take_turns_at_a_cafe(make_runner, gate):
    """Their groups lock rows in the order of their units: at once they would lock in a circle."""
    first, second = make_runner(), make_runner()
    held = asyncio.create_task(first.write(gate.hold, None, command_type="t", cafe_id=CAFE))
    await gate.entered()
    waits = asyncio.create_task(second.write(record_number, 1, command_type="t", cafe_id=CAFE))
    await second.write(record_number, 2, command_type="t", cafe_id=OTHER_CAFE)

    assert not waits.done(), "another cafe's turn is nobody's business"
    gate.open()
    await asyncio.gather(held, waits)


@postgres_only
async def test_connections_that_died_while_idle_are_not_noticed(filled_url, make_runner):
    """A restarted database costs no write and no read an error."""
    runner = make_runner()
    await runner.write(record_number, 1, command_type="test", cafe_id=CAFE)
    await runner.read(list_numbers)
    kill_backends(*split_url(filled_url))

    assert (await runner.write(record_number, 2, command_type="test", cafe_id=CAFE)).seq == 2
    assert await runner.read(list_numbers) == [1, 2]


@postgres_only
async def test_a_connection_that_dies_in_a_unit_is_replaced(database, make_runner, expected_logs):
    """Nothing was committed, so the unit runs again and is done once."""
    expected_logs.add("group_failed")
    runner = make_runner()
    dies_once = FailsOnce(lambda: database.execute_sql(KILL_MYSELF))

    def record_and_die(unit, number):
        create_station(unit, "bar")
        dies_once()
        return record_number(unit, number)

    outcome = await runner.write(record_and_die, 1, command_type="test", cafe_id=CAFE)

    assert (outcome.seq, dies_once.calls) == (1, 2)
    assert await runner.read(list_numbers) == [1]
    assert await runner.read(list_stations) == ["bar"]


@postgres_only
async def test_a_connection_that_dies_in_a_query_is_replaced(database, make_runner):
    """Reading again harms nobody."""
    runner = make_runner()
    dies_once = FailsOnce(lambda: database.execute_sql(KILL_MYSELF))

    def die_and_list():
        dies_once()
        return list_numbers()

    assert await runner.read(die_and_list) == []
    assert dies_once.calls == 2


@postgres_only
@pytest.mark.parametrize("is_committed", [True, False])
async def test_a_connection_that_dies_in_the_commit_is_never_guessed_about(
    database, make_runner, expected_logs, monkeypatch, is_committed
):
    """With a command id the row decides; without one the caller is told that nobody knows."""
    expected_logs.add("group_failed")
    runner = make_runner()
    commit = database.commit

    def die_while_committing():
        if is_committed:
            commit()
        database.execute_sql(KILL_MYSELF)

    for number, command_id in ((1, "one"), (2, None)):
        dies_once = FailsOnce(die_while_committing)
        monkeypatch.setattr(database, "commit", lambda dies_once=dies_once: dies_once() or commit())
        write = runner.write(
            record_number, number, command_type="test", identity=STAFF, command_id=command_id
        )
        if command_id is not None:
            outcome = await write
            assert (outcome.seq, outcome.is_replayed) == (1, is_committed)
        else:
            with pytest.raises(StorageUnavailable) as unknown:
                await write
            assert unknown.value.code == "outcome_unknown"

    assert await runner.read(list_numbers) == ([1, 2] if is_committed else [1])


@postgres_only
async def test_an_unreachable_database_is_refused_and_comes_back(
    filled_url, database, make_runner, expected_logs
):
    """Writes and reads fail at once with a 503; nobody restarts anything afterwards."""
    expected_logs.add("group_failed", "storage_unavailable")
    runner = make_runner()
    maintenance, name = split_url(filled_url)
    execute_elsewhere(maintenance, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    kill_backends(maintenance, name)

    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await runner.write(record_number, 1, command_type="test", cafe_id=CAFE)
        with pytest.raises(StorageUnavailable):
            await runner.read(list_numbers)
    execute_elsewhere(maintenance, f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    assert (await runner.write(record_number, 2, command_type="test", cafe_id=CAFE)).seq == 1
    assert await runner.read(list_numbers) == [2]


@sqlite_only
async def test_a_full_disk_refuses_writes_and_comes_back(
    filled_url, database, make_runner, expected_logs
):
    """Nothing is half written, reads go on, and with space the same commands are done once."""
    expected_logs.add("group_failed", "storage_unavailable")
    ((pages,),) = execute_elsewhere(filled_url, "PRAGMA page_count")
    limit_pages(database, pages + 10)
    runner = make_runner()

    def write_much(unit, number):
        create_station(unit, f"station-{number}")
        unit.audit("filled", filling="x" * 9000)
        return record_number(unit, number)

    async def write(number: int) -> bool:
        try:
            await runner.write(
                write_much,
                number,
                command_type="test",
                identity=STAFF,
                command_id=str(number),
            )
        except StorageUnavailable:
            return False
        return True

    done = [await write(number) for number in range(8)]
    assert done[0]
    assert not done[-1]
    written = [number for number, is_done in enumerate(done) if is_done]
    assert await runner.read(list_numbers) == written
    assert len(await runner.read(list_stations)) == len(written)

    limit_pages(database, 2**30)
    assert all([await write(number) for number in range(8)])

    numbers = await runner.read(list_numbers)
    assert sorted(numbers) == list(range(8))
    assert len(await runner.read(list_stations)) == 8
    assert execute_elsewhere(filled_url, "PRAGMA integrity_check") == [("ok",)]


@sqlite_only
async def test_a_disk_that_fails_in_the_middle_of_the_rows_is_a_503(
    database, make_runner, expected_logs
):
    """SQLite reads on while rows are fetched, so a fault there is no other than one before."""
    expected_logs.add("storage_unavailable")
    runner = make_runner()

    def break_off() -> list[int]:
        steps = itertools.count()
        database.connection().set_progress_handler(lambda: next(steps) > 10, 1000)
        rows = fetch_rows(
            "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL"
            " SELECT number + 1 FROM numbers WHERE number < ?) SELECT number FROM numbers",
            (100_000,),
        )
        return [row[0] for row in rows]

    with pytest.raises(StorageUnavailable):
        await runner.read(break_off)

    assert await runner.read(list_numbers) == []


@sqlite_only
async def test_a_missing_disk_refuses_reads_and_writes_and_comes_back(
    filled_url, database, make_runner, expected_logs
):
    """A file that cannot be opened is a 503, and the next use tries to open it again."""
    expected_logs.add("group_failed", "storage_unavailable")
    path = sqlite_path(database)
    hidden = path.with_name("hidden.db")
    path.rename(hidden)
    path.mkdir()
    runner = make_runner()

    with pytest.raises(StorageUnavailable):
        await runner.write(record_number, 1, command_type="test", cafe_id=CAFE)
    with pytest.raises(StorageUnavailable):
        await runner.read(list_numbers)
    path.rmdir()
    hidden.rename(path)

    assert (await runner.write(record_number, 2, command_type="test", cafe_id=CAFE)).seq == 1
    assert await runner.read(list_numbers) == [2]
