"""The runner on both databases: what commits, who is told, and what happens in between."""

import asyncio
import itertools

import pytest

from domain.errors import (
    CommandInFlight,
    Conflict,
    IdempotencyMismatch,
    InvalidMessage,
    NotFound,
    OperationTimeout,
    Overloaded,
    StorageUnavailable,
)
from domain.events import LoggedEvent
from models.audit import AuditEntry
from models.rows import fetch_rows
from models.tenancy import Station
from services.audit import read_audit
from services.event_log import read_event_id, read_events, read_head
from services.group_commit import Outcome
from services.idempotency import forget_answers
from tests.integration.services.conftest import (
    CAFE,
    GUEST,
    NOW,
    OTHER_CAFE,
    STAFF,
    TABLE,
    build_event,
    new_id,
    number_of,
    record_number,
)
from tests.support.waiting import wait_for


async def queue_up(runner, waiting: int) -> None:
    """Wait until so many writes stand in the queue."""
    await wait_for(lambda: runner.queue_depth == waiting, f"{waiting} writes to queue up")


def create_station(unit, name: str) -> dict[str, str]:
    """Be an operation that writes a row and records an event."""
    Station.create(id=unit.new_id(), cafe_id=unit.cafe_id, name=name, slug=name, target_s=60)
    unit.record(build_event(1))
    return {"name": name}


def list_stations() -> list[str]:
    """Be a query: names of the cafe's stations."""
    return [row.name for row in Station.select().order_by(Station.name)]


def list_numbers() -> list[int]:
    """Be a query: numbers of the logged events, in order of seq."""
    return [number_of(each) for each in read_events(CAFE, after_seq=0, limit=9999)]


async def test_a_write_returns_its_view_and_the_place_of_its_last_event(make_runner):
    """The body is the result's JSON; the log, its head and the listeners agree on the events."""
    heard: list[LoggedEvent] = []
    runner = make_runner(on_committed=heard.extend)

    def record_two(unit, number):
        unit.record(build_event(number))
        unit.record(build_event(number + 1))
        return {"number": number}

    outcome = await runner.write(record_two, 7, command_type="test", identity=STAFF)

    assert (outcome.body, outcome.seq, outcome.is_replayed) == (b'{"number":7}', 2, False)
    logged = await runner.read(read_events, CAFE, after_seq=0, limit=10)
    assert logged == heard
    assert [each.seq for each in logged] == [1, 2]
    assert {each.user_id for each in logged} == {STAFF.person_id}
    head = await runner.read(read_head, CAFE)
    assert (head.seq, head.event_id, head.epoch) == (2, logged[1].event_id, logged[1].epoch)
    assert await runner.read(read_event_id, CAFE, 1) == logged[0].event_id
    assert await runner.read(read_event_id, CAFE, 3) is None
    assert await runner.read(read_events, CAFE, after_seq=1, limit=10) == logged[1:]
    assert (await runner.read(read_head, OTHER_CAFE)).seq == 0


async def test_a_unit_without_events_has_no_place(make_runner):
    """Nothing recorded, nothing told."""
    heard: list[LoggedEvent] = []
    runner = make_runner(on_committed=heard.extend)

    outcome = await runner.write(lambda unit, _: None, None, command_type="test", cafe_id=CAFE)

    assert (outcome.body, outcome.seq, heard) == (b"null", 0, [])


async def test_eight_writers_leave_no_gap_and_are_told_in_commit_order(make_runner):
    """Every write has a place of its own, and listeners hear the places in order."""
    heard: list[LoggedEvent] = []
    runner = make_runner(on_committed=heard.extend)

    async def write_many(writer: int) -> list[int]:
        places = []
        for number in range(25):
            outcome = await runner.write(
                record_number, writer * 100 + number, command_type="test", cafe_id=CAFE
            )
            places.append(outcome.seq)
        return places

    places = await asyncio.gather(*(write_many(writer) for writer in range(8)))

    assert all(mine == sorted(mine) for mine in places)
    assert sorted(itertools.chain(*places)) == list(range(1, 201))
    assert [each.seq for each in heard] == list(range(1, 201))
    assert await runner.read(list_numbers) == [number_of(each) for each in heard]


async def test_what_waits_together_commits_together(make_runner, gate):
    """A queue is worked off in one transaction, up to the batch's limit."""
    commits = []

    class Metrics:
        def observe_unit(self, command_type, duration_s):
            pass

        def observe_read(self, duration_s):
            pass

        def observe_snapshot(self, outcome):
            pass

        def observe_commit(self, units, duration_s):
            commits.append(units)

    runner = make_runner(metrics=Metrics(), write_batch_limit=8)
    first = asyncio.create_task(runner.write(gate.hold, None, command_type="test", cafe_id=CAFE))
    await gate.entered()
    rest = [
        asyncio.create_task(runner.write(record_number, n, command_type="test", cafe_id=CAFE))
        for n in range(12)
    ]
    await queue_up(runner, 12)

    gate.open()
    await asyncio.gather(first, *rest)

    assert commits == [1, 8, 4]


async def test_a_refused_unit_does_not_disturb_its_group(make_runner, gate):
    """What a rule, a constraint or a fault of ours stops is undone alone; the others commit."""

    def refuse(unit, _):
        create_station(unit, "refused")
        raise Conflict("No.")

    def break_down(unit, _):
        create_station(unit, "broken")
        raise ZeroDivisionError

    def return_what_is_no_json(unit, _):
        create_station(unit, "no-json")
        return object()

    runner = make_runner()
    operations = [create_station, refuse, break_down, return_what_is_no_json, create_station]
    first = asyncio.create_task(runner.write(gate.hold, None, command_type="t", cafe_id=CAFE))
    await gate.entered()
    rest = [
        asyncio.create_task(runner.write(each, f"station-{n}", command_type="t", cafe_id=CAFE))
        for n, each in enumerate(operations)
    ]
    rest.append(
        # The slug is taken by then: the constraint decides, and the unit's second try too.
        asyncio.create_task(
            runner.write(create_station, "station-0", command_type="t", cafe_id=CAFE)
        )
    )
    await queue_up(runner, len(rest))

    gate.open()
    results = await asyncio.gather(first, *rest, return_exceptions=True)

    assert [type(result).__name__ for result in results] == [
        "Outcome",
        "Outcome",
        "Conflict",
        "ZeroDivisionError",
        "TypeError",
        "Outcome",
        "IntegrityError",
    ]
    assert await runner.read(list_stations) == ["station-0", "station-4"]
    assert [each.seq for each in results if isinstance(each, Outcome)] == [0, 1, 2]
    assert (await runner.read(read_head, CAFE)).seq == 2


async def test_wrong_sql_is_our_fault_and_not_the_databases(make_runner):
    """It reaches the caller as it is, to be logged with its trace."""
    runner = make_runner()

    def ask_nonsense(unit, _):
        fetch_rows("SELECT seq FROM nowhere")

    with pytest.raises(Exception, match="nowhere") as caught:
        await runner.write(ask_nonsense, None, command_type="test", cafe_id=CAFE)

    assert not isinstance(caught.value, StorageUnavailable)
    assert (await runner.write(record_number, 1, command_type="t", cafe_id=CAFE)).seq == 1


async def test_a_repeated_command_gets_its_first_answer(make_runner):
    """Byte for byte, with the first place, and without a second effect."""
    runner = make_runner()
    first = await runner.write(
        record_number, 1, command_type="test", identity=STAFF, command_id="one"
    )

    again = await runner.write(
        record_number, 1, command_type="test", identity=STAFF, command_id="one"
    )

    assert (again.body, again.seq, again.is_replayed) == (first.body, first.seq, True)
    assert await runner.read(list_numbers) == [1]


async def test_a_command_id_belongs_to_its_principal_and_type(make_runner):
    """Others may use the same id for commands of their own."""
    runner = make_runner()
    for identity, command_type in ((STAFF, "a"), (STAFF, "b"), (GUEST, "a")):
        await runner.write(
            record_number, 1, command_type=command_type, identity=identity, command_id="one"
        )

    assert await runner.read(list_numbers) == [1, 1, 1]


async def test_a_command_id_with_another_body_is_refused(make_runner):
    """The id says that it is the same command, so it must be."""
    runner = make_runner()
    command = {"command_type": "test", "identity": STAFF, "command_id": "one"}
    await runner.write(record_number, 1, **command)

    with pytest.raises(IdempotencyMismatch):
        await runner.write(record_number, 2, **command)
    with pytest.raises(IdempotencyMismatch):
        await runner.write(record_number, 1, **command, body=b"[1]")
    with pytest.raises(InvalidMessage):
        await runner.write(record_number, 1, **{**command, "command_id": "x" * 65})

    assert await runner.read(list_numbers) == [1]


async def test_a_refused_command_may_be_tried_again(make_runner):
    """Only what was done has an answer to keep."""
    runner = make_runner()

    def refuse(unit, _):
        raise Conflict("Not now.")

    with pytest.raises(Conflict):
        await runner.write(refuse, 1, command_type="test", identity=STAFF, command_id="one")

    outcome = await runner.write(
        record_number, 1, command_type="test", identity=STAFF, command_id="one"
    )
    assert not outcome.is_replayed


async def test_a_command_that_is_under_way_is_not_begun_again(make_runner, gate):
    """The second of two at once is told to ask again, and then gets the answer of the first."""
    runner = make_runner()
    command = {"command_type": "test", "identity": STAFF, "command_id": "one"}
    first = asyncio.create_task(runner.write(gate.hold, None, **command))
    await gate.entered()

    with pytest.raises(CommandInFlight):
        await runner.write(gate.hold, None, **command)
    gate.open()
    await first

    assert (await runner.write(gate.hold, None, **command)).is_replayed


async def test_answers_are_forgotten_when_their_time_is_up(make_runner):
    """Then the id is free again."""
    runner = make_runner()
    command = {"command_type": "test", "identity": STAFF}
    await runner.write(record_number, 1, **command, command_id="one")

    def forget(unit, before):
        return forget_answers(before=before, limit=10)

    assert (await runner.write(forget, NOW, command_type="forget", cafe_id=CAFE)).body == b"0"
    later = NOW.replace(hour=13)
    assert (await runner.write(forget, later, command_type="forget", cafe_id=CAFE)).body == b"1"
    again = await runner.write(record_number, 2, **command, command_id="one")
    assert not again.is_replayed


async def test_a_cancelled_caller_cuts_nothing_in_half(make_runner, gate):
    """The unit runs to its end; whoever asks again with its id gets the answer."""
    runner = make_runner()

    def hold_in_the_middle(unit, name):
        Station.create(id=unit.new_id(), cafe_id=CAFE, name=name, slug=name, target_s=60)
        gate.hold()
        unit.record(build_event(1))
        return name

    command = {"command_type": "test", "identity": STAFF, "command_id": "one"}
    caller = asyncio.create_task(runner.write(hold_in_the_middle, "bar", **command))
    await gate.entered()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.open()
    await runner.drain()

    other = make_runner()
    assert await other.read(list_stations) == ["bar"]
    assert await other.read(list_numbers) == [1]
    assert (await other.write(hold_in_the_middle, "bar", **command)).is_replayed


async def test_who_waited_too_long_in_the_queue_is_not_run(make_runner, gate):
    """Nobody waits for it any more, so it would only hold up the others."""
    runner = make_runner(operation_timeout_s=0.2)
    running = asyncio.create_task(runner.write(gate.hold, None, command_type="test", cafe_id=CAFE))
    await gate.entered()

    with pytest.raises(OperationTimeout):
        await runner.write(create_station, "late", command_type="test", cafe_id=CAFE)
    with pytest.raises(OperationTimeout):
        await running
    gate.open()
    await runner.drain()

    assert await make_runner().read(list_stations) == []


async def test_a_full_queue_refuses_at_once(make_runner, gate):
    """Nothing was done, and the answer says when to come again."""
    runner = make_runner(write_queue_limit=2, database_writers=1)
    calls = [asyncio.create_task(runner.write(gate.hold, None, command_type="t", cafe_id=CAFE))]
    await gate.entered()
    calls += [
        asyncio.create_task(runner.write(record_number, n, command_type="t", cafe_id=CAFE))
        for n in range(2)
    ]
    await queue_up(runner, 2)

    with pytest.raises(Overloaded) as refused:
        await runner.write(record_number, 9, command_type="t", cafe_id=CAFE)
    assert refused.value.retry_after_s == 1
    gate.open()
    await asyncio.gather(*calls)

    assert await runner.read(list_numbers) == [0, 1]


async def test_draining_finishes_what_is_under_way_and_refuses_the_rest(make_runner, gate):
    """A stopping process answers what it accepted."""
    runner = make_runner()
    accepted = asyncio.create_task(runner.write(gate.hold, None, command_type="test", cafe_id=CAFE))
    await gate.entered()
    draining = asyncio.create_task(runner.drain())
    await asyncio.sleep(0)

    with pytest.raises(Overloaded):
        await runner.write(record_number, 1, command_type="test", cafe_id=CAFE)
    assert not draining.done()
    gate.open()
    await draining

    assert accepted.done()


async def test_a_read_sees_one_moment(make_runner, gate):
    """What commits while a query runs is not in it; the next query has it."""
    runner = make_runner()

    def read_twice():
        before = list_stations()
        gate.hold()
        return before, list_stations()

    reading = asyncio.create_task(runner.read(read_twice))
    await gate.entered()
    await runner.write(create_station, "bar", command_type="test", cafe_id=CAFE)
    gate.open()

    assert await reading == ([], [])
    assert await runner.read(list_stations) == ["bar"]


async def test_a_read_cannot_write(make_runner, expected_logs):
    """Changing something outside a unit of work is an error, on both databases."""
    runner = make_runner()

    def write():
        Station.create(id=new_id(), cafe_id=CAFE, name="bar", slug="bar", target_s=60)

    expected_logs.add("storage_unavailable")
    with pytest.raises(StorageUnavailable):
        await runner.read(write)

    assert await runner.read(list_stations) == []


async def test_a_query_that_raises_leaves_its_reader_usable(make_runner):
    """Errors of the domain reach the caller as they are."""
    runner = make_runner(database_readers=1)

    for _ in range(3):
        with pytest.raises(NotFound):
            await runner.read(read_head, new_id())

    assert (await runner.read(read_head, CAFE)).seq == 0


async def test_audit_commits_with_its_unit(make_runner):
    """Who, when and what, without names; a unit that is undone leaves none."""
    runner = make_runner()

    def void(unit, is_refused):
        unit.audit("item_voided", item_id=TABLE, quantity=2)
        if is_refused:
            raise Conflict("No.")

    await runner.write(void, False, command_type="void", identity=STAFF)
    with pytest.raises(Conflict):
        await runner.write(void, True, command_type="void", identity=STAFF)

    (entry,) = (await runner.read(read_audit, CAFE, limit=10)).facts
    assert (entry.kind, entry.principal, entry.at) == ("item_voided", STAFF.principal, NOW)
    assert entry.details == {"item_id": TABLE, "quantity": 2}
    older = await runner.read(read_audit, CAFE, limit=10, before_id=entry.entry_id)
    assert (older.facts, older.next_before_id) == ([], None)
    assert await runner.read(AuditEntry.select().count) == 1


async def test_a_unit_may_find_out_its_cafe(make_runner):
    """A guest who scans a code does not know the cafe; the operation does, and stays in it."""
    runner = make_runner()

    def enter(unit, number):
        unit.enter_cafe(OTHER_CAFE)
        assert not unit.has_identity
        return record_number(unit, number)

    assert (await runner.write(enter, 5, command_type="test")).seq == 1
    assert (await runner.read(read_head, OTHER_CAFE)).seq == 1


async def test_the_loop_is_free_while_a_commit_is_slow(make_runner, gate):
    """Other work of the process goes on; the write is answered when it has committed."""
    runner = make_runner(before_commit=gate.hold)
    writing = asyncio.create_task(runner.write(record_number, 1, command_type="test", cafe_id=CAFE))
    await gate.entered()

    assert await runner.read(list_numbers) == []
    assert not writing.done()
    gate.open()

    assert (await writing).seq == 1
