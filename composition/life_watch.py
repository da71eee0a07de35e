"""Looks whether PostgreSQL was failed over or restored: before serving, and every two seconds.

Where the database's user may not ask, that is said once, and service goes on: then an operator says
`renew-epoch` (docs/operations.md).
"""

from collections.abc import Callable
from contextlib import suppress

import msgspec
import peewee

from composition.identifiers import new_id
from config.logging import get_logger
from models.database import is_sqlite
from services.database_life import Life, LifeNoted, NoteLife, note_life, read_life, renew_if_changed
from services.runner import Runner

# No right to these functions, or a PostgreSQL that has none of them.
_MAY_NOT = (peewee.ProgrammingError, peewee.NotSupportedError)

log = get_logger(__name__)


def note_life_before_serving(database: peewee.Database) -> None:
    """Renew the epochs of a database that goes on with another history, before anybody reads."""
    if is_sqlite(database):
        return
    # That nobody may ask is said by the watch, which asks next.
    with suppress(*_MAY_NOT), database.connection_context(), database.atomic():
        _tell(renew_if_changed(new_id))


class LifeWatch:
    """on_renewed: told on the loop after epochs were renewed here."""

    def __init__(self, runner: Runner, *, on_renewed: Callable[[], None]) -> None:
        self._runner = runner
        self._on_renewed = on_renewed
        self._noted: Life | None = None
        self._may_ask = True

    async def look(self) -> None:
        """Look once; it is a query like any other. Raises: TableTapError as they do."""
        life = await self._ask()
        if life is None or life == self._noted:
            return
        outcome = await self._runner.write(note_life, NoteLife(), command_type="note_life")
        self._noted = life
        renewed = msgspec.json.decode(outcome.body, type=LifeNoted).renewed
        _tell(renewed)
        if renewed:
            self._on_renewed()

    async def _ask(self) -> Life | None:
        if not self._may_ask:
            return await self._runner.read(lambda: None)
        try:
            return await self._runner.read(read_life)
        except _MAY_NOT as error:
            self._may_ask = False
            log.warning("timeline_unknown", reason=type(error).__name__)
            return None


def _tell(renewed: int) -> None:
    if renewed:
        log.warning("timeline_changed", renewed=renewed)
