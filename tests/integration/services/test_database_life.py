"""Which life of PostgreSQL is noted, and who renews the epochs when it is another."""

import threading

import peewee
import pytest

from composition.life_watch import LifeWatch, note_life_before_serving
from models.base import bind
from models.database import close_database, open_database
from models.database_life import DatabaseLife
from models.migrations import migrate
from models.tenancy import Cafe, CafeHead
from services.database_life import read_life, renew_if_changed
from services.event_log import create_head
from services.runner import Runner
from tests.integration.services.conftest import NOW, Limits, new_id

CAFES = 3


@pytest.fixture
def database(postgres_url):
    """Migrate a database and give some cafes their logs."""
    opened = open_database(postgres_url)
    migrate(opened)
    bind(opened)
    with opened.connection_context():
        for _ in range(CAFES):
            cafe_id = new_id()
            Cafe.create(
                id=cafe_id,
                name="A cafe",
                currency="EUR",
                timezone="UTC",
                locale="en",
                created_at=NOW,
            )
            create_head(cafe_id, epoch=new_id())
    yield opened
    close_database(opened)


def read_epochs() -> set[str]:
    """Return the epochs of all logs."""
    return {head.epoch for head in CafeHead.select()}


def pretend_another_life() -> None:
    """Let the row speak of a timeline that this server is not on."""
    DatabaseLife.update(timeline="0000FFFF").execute()


def test_the_first_life_that_is_noted_renews_nothing(database):
    """A new installation, and one that has just learnt to look."""
    with database.connection_context():
        before = read_epochs()
    for _ in range(2):
        note_life_before_serving(database)

    with database.connection_context():
        assert read_epochs() == before
        (row,) = DatabaseLife.select()
        assert (row.system_id, row.timeline) == read_life()
        assert int(row.timeline, 16) >= 1


@pytest.mark.parametrize("changed", ["timeline", "system_id"])
def test_another_life_renews_every_epoch_once(database, changed, expected_logs):
    """However many processes see it at once: each on a connection of its own."""
    expected_logs.add("timeline_changed")
    note_life_before_serving(database)
    with database.connection_context():
        before = read_epochs()
        DatabaseLife.update({changed: "0000FFFF"}).execute()
    together, renewed = threading.Barrier(4), []

    def see() -> None:
        with database.connection_context(), database.atomic():
            together.wait(30)
            renewed.append(renew_if_changed(new_id))

    threads = [threading.Thread(target=see) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(renewed) == [0, 0, 0, CAFES]
    with database.connection_context():
        after = read_epochs()
        assert len(after) == CAFES
        assert after.isdisjoint(before)
        note_life_before_serving(database)
        assert read_epochs() == after


async def test_a_running_process_notices_and_tells_its_streams(database, expected_logs):
    """Once, and nothing is written while nothing has changed."""
    expected_logs.add("timeline_changed")
    told: list[None] = []
    runner = Runner(
        database, Limits(), clock=lambda: NOW, new_id=new_id, on_committed=lambda _: None
    )
    runner.start()
    watch = LifeWatch(runner, on_renewed=lambda: told.append(None))
    await watch.look()
    assert told == []
    with database.connection_context():
        pretend_another_life()
    fresh = LifeWatch(runner, on_renewed=lambda: told.append(None))
    for _ in range(3):
        await fresh.look()

    assert len(told) == 1
    await runner.close()


async def test_who_may_not_ask_is_told_once_and_served(database, postgres_url, expected_logs):
    """Some hosts keep the functions to themselves; then `renew-epoch` is said by hand."""
    expected_logs.add("timeline_unknown")
    with database.connection_context():
        database.execute_sql("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    narrow = open_database(f"{postgres_url}?options=-c%20role%3Dpg_read_all_data")
    bind(narrow)
    note_life_before_serving(narrow)
    runner = Runner(narrow, Limits(), clock=lambda: NOW, new_id=new_id, on_committed=lambda _: None)
    runner.start()
    watch = LifeWatch(runner, on_renewed=lambda: pytest.fail("nothing was renewed"))
    for _ in range(2):
        await watch.look()
    with pytest.raises(peewee.ProgrammingError):
        await runner.read(read_life)

    await runner.close()
    close_database(narrow)
    bind(database)
