"""Who is connected: every connection with its person, cafe and roles (spec B4).

`MemoryPresence` knows this process; realtime/redis_presence.py mirrors it to where all processes
see all. Also the place that counts connections of one person in one namespace (spec H2), since
only it knows those of the other processes.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from config.namespaces import Namespace
from domain.roles import Role


class ConnectionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One connection. user_id: the principal. Times are Unix milliseconds."""

    connection_id: str
    user_id: str
    cafe_id: str
    namespace: Namespace
    roles: list[Role]
    connected_at: int
    last_activity: int


# Called on the loop with a connection's id.
OnReplaced = Callable[[str], None]


class Presence(Protocol):
    """Connections by id, person, cafe and role."""

    @property
    def is_complete(self) -> bool:
        """Whether the connections of all processes are seen."""
        ...

    def watch_replaced(self, on_replaced: OnReplaced) -> None:
        """Say who is told of a connection of this process that a newer one took the place of."""
        ...

    async def track(self, record: ConnectionRecord, *, limit: int, replaces: bool = False) -> bool:
        """Add a connection; False where its person has `limit` in its namespace already.

        replaces: then their oldest goes instead, wherever it is.
        """
        ...

    def touch(self, connection_id: str, *, at_ms: int) -> None:
        """Remember that something was heard of a connection."""
        ...

    def remove(self, connection_id: str) -> None:
        """Forget a connection; one that is not there is no fault."""
        ...

    async def get_connection(self, connection_id: str) -> ConnectionRecord | None:
        """Return a connection, None where it is not."""
        ...

    async def get_active_connections(
        self, cafe_id: str, role: Role | None = None
    ) -> list[ConnectionRecord]:
        """List a cafe's connections, oldest first; role: only of those who hold it."""
        ...

    async def get_user_connections(self, user_id: str) -> list[ConnectionRecord]:
        """List a person's connections, oldest first."""
        ...


class MemoryPresence:
    """Connections of this process."""

    def __init__(self) -> None:
        self._records: dict[str, ConnectionRecord] = {}
        # Ids by person and namespace: a process has thousands of connections, and a person a
        # handful in each.
        self._by_door: dict[tuple[str, Namespace], set[str]] = {}
        self._on_replaced: OnReplaced = lambda _: None

    @property
    def is_complete(self) -> bool:
        """All there is, where there is one process."""
        return True

    @property
    def records(self) -> list[ConnectionRecord]:
        """Every connection of this process."""
        return list(self._records.values())

    def put(self, record: ConnectionRecord) -> None:
        """Add a connection without asking how many there are."""
        self._records[record.connection_id] = record
        self._by_door.setdefault(_find_door(record), set()).add(record.connection_id)

    def find(self, connection_id: str) -> ConnectionRecord | None:
        """Return a connection of this process, None where it is not."""
        return self._records.get(connection_id)

    def has_room(self, record: ConnectionRecord, *, limit: int) -> bool:
        """Whether a person has fewer than `limit` connections in a namespace, in this process."""
        return len(self._find_others(record)) < limit

    def watch_replaced(self, on_replaced: OnReplaced) -> None:
        """Say who is told of a connection that a newer one took the place of."""
        self._on_replaced = on_replaced

    def replace(self, connection_id: str) -> None:
        """Forget a connection for a newer one's sake; one that is not there is no fault."""
        if self.find(connection_id) is not None:
            self.remove(connection_id)
            self._on_replaced(connection_id)

    async def track(self, record: ConnectionRecord, *, limit: int, replaces: bool = False) -> bool:
        """Add a connection; False where its person has `limit` in its namespace already."""
        others = self._find_others(record)
        too_many = len(others) - limit + 1
        if too_many > 0:
            if not replaces:
                return False
            oldest_first = sort_records(self._records[each] for each in others)
            for oldest in oldest_first[:too_many]:
                self.replace(oldest.connection_id)
        self.put(record)
        return True

    def touch(self, connection_id: str, *, at_ms: int) -> None:
        """Remember that something was heard of a connection."""
        record = self._records.get(connection_id)
        if record is not None:
            changed = msgspec.structs.replace(record, last_activity=at_ms)
            self._records[connection_id] = changed

    def remove(self, connection_id: str) -> None:
        """Forget a connection; one that is not there is no fault."""
        record = self._records.pop(connection_id, None)
        if record is None:
            return
        door = _find_door(record)
        left = self._by_door[door]
        left.discard(connection_id)
        if not left:
            del self._by_door[door]

    async def get_connection(self, connection_id: str) -> ConnectionRecord | None:
        """Return a connection, None where it is not."""
        return self.find(connection_id)

    async def get_active_connections(
        self, cafe_id: str, role: Role | None = None
    ) -> list[ConnectionRecord]:
        """List a cafe's connections, oldest first; role: only of those who hold it."""
        return sort_records(
            record
            for record in self._records.values()
            if record.cafe_id == cafe_id and (role is None or role in record.roles)
        )

    async def get_user_connections(self, user_id: str) -> list[ConnectionRecord]:
        """List a person's connections, oldest first."""
        return sort_records(
            self._records[each]
            for namespace in Namespace
            for each in self._by_door.get((user_id, namespace), ())
        )

    def _find_others(self, record: ConnectionRecord) -> set[str]:
        """Return the ids of the others of a connection's person in its namespace."""
        ids = self._by_door.get(_find_door(record), set())
        return ids - {record.connection_id} if record.connection_id in ids else ids


def _find_door(record: ConnectionRecord) -> tuple[str, Namespace]:
    return record.user_id, record.namespace


def sort_records(records: Iterable[ConnectionRecord]) -> list[ConnectionRecord]:
    """Order connections by when they began."""
    return sorted(records, key=lambda record: (record.connected_at, record.connection_id))
