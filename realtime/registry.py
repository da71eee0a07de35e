"""Who is in which room: both directions, so that leaving costs as much as one was in rooms."""

from collections.abc import Collection, Iterable
from typing import Generic, TypeVar

from domain.rooms import Room, RoomKind

Member = TypeVar("Member")


class Registry(Generic[Member]):
    """Rooms of one process. Empty rooms vanish."""

    def __init__(self) -> None:
        self._members: dict[Room, set[Member]] = {}
        self._rooms: dict[Member, set[Room]] = {}

    def join(self, member: Member, rooms: Iterable[Room]) -> None:
        """Put a member into rooms; being in one already is no fault."""
        own = self._rooms.setdefault(member, set())
        for room in rooms:
            own.add(room)
            self._members.setdefault(room, set()).add(member)

    def leave(self, member: Member, room: Room) -> None:
        """Take a member out of one room; not being in it is no fault."""
        self._rooms.get(member, set()).discard(room)
        self._remove(member, room)

    def remove(self, member: Member) -> None:
        """Take a member out of everything."""
        for room in self._rooms.pop(member, set()):
            self._remove(member, room)

    def list_rooms(self, member: Member) -> frozenset[Room]:
        """Return the rooms that a member is in."""
        return frozenset(self._rooms.get(member, set()))

    def find_members(self, rooms: Collection[Room]) -> list[Member]:
        """Return everybody in any of the rooms, each once, as they were at this moment."""
        present = [self._members[room] for room in rooms if room in self._members]
        if len(present) == 1:
            return list(present[0])
        return list(set().union(*present)) if present else []

    def list_inhabited(self, rooms: Collection[Room]) -> tuple[Room, ...]:
        """Return those of the rooms that have somebody in them, in their order."""
        return tuple(room for room in rooms if room in self._members)

    def is_in_any(self, member: Member, rooms: Iterable[Room]) -> bool:
        """Say whether a member is in one of the rooms."""
        own = self._rooms.get(member)
        return own is not None and not own.isdisjoint(rooms)

    def count_members(self, kind: RoomKind) -> dict[Room, int]:
        """Say of every room of a kind that has somebody in it how many it has."""
        return {room: len(members) for room, members in self._members.items() if room.kind is kind}

    def list_cafes(self, kind: RoomKind) -> list[str]:
        """List the cafes whose room of a kind has somebody in it, in a fixed order."""
        return sorted({room.cafe_id for room in self._members if room.kind is kind})

    @property
    def room_count(self) -> int:
        """Rooms with somebody in them."""
        return len(self._members)

    def _remove(self, member: Member, room: Room) -> None:
        members = self._members.get(room)
        if members is None:
            return
        members.discard(member)
        if not members:
            del self._members[room]
