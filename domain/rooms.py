"""Rooms: named sets of sessions. The only place that builds and parses their names (spec B1).

Inside, a room is (cafe, kind, key). Outside it is the source's text; `order:` and `device:` names
do not carry their cafe, so parsing needs the cafe of the connection.
"""

import re
from enum import StrEnum

import msgspec

from domain.errors import InvalidMessage
from domain.identifiers import is_id
from domain.roles import Role


class RoomKind(StrEnum):
    CAFE = "cafe"
    STAFF = "staff"
    KITCHEN = "kitchen"
    MANAGEMENT = "management"
    CUSTOMERS = "customers"
    ROLE = "role"
    TABLE = "table"
    STATION = "station"
    SESSION = "session"
    ORDER = "order"
    DEVICE = "device"


class Room(msgspec.Struct, frozen=True):
    """key: role word, table number, station, table session, order or device id; "" otherwise."""

    cafe_id: str
    kind: RoomKind
    key: str = ""

    def __str__(self) -> str:
        if self.kind in _GLOBAL_KINDS:
            return f"{self.kind}:{self.key}"
        if self.kind is RoomKind.CAFE:
            return f"cafe:{self.cafe_id}"
        tail = f":{self.key}" if self.kind in _KEYED_KINDS else ""
        return f"cafe:{self.cafe_id}:{self.kind}{tail}"


_GLOBAL_KINDS = frozenset({RoomKind.ORDER, RoomKind.DEVICE})
_KEYED_KINDS = frozenset({RoomKind.ROLE, RoomKind.TABLE, RoomKind.STATION, RoomKind.SESSION})
# 1 to 9999 as `join_table` takes it, in one spelling: `007` would be a room that no event reaches.
_TABLE_NUMBER = re.compile("[1-9][0-9]{0,3}")
_PLAIN_KINDS = frozenset(
    {RoomKind.STAFF, RoomKind.KITCHEN, RoomKind.MANAGEMENT, RoomKind.CUSTOMERS}
)


def parse_room(text: str, *, cafe_id: str) -> Room:
    """Read a room's name as seen from a connection of one cafe.

    A name of another cafe parses (its `cafe_id` differs) and is refused by the rights table.
    Raises: InvalidMessage for anything that is not exactly a room's name.
    """
    room = _read(text.split(":"), cafe_id)
    if room is None or str(room) != text:
        raise InvalidMessage("There is no such kind of room. Check the room's name.")
    return room


def _read(parts: list[str], cafe_id: str) -> Room | None:
    match parts:
        case ["order" | "device" as kind, key] if is_id(key):
            return Room(cafe_id, RoomKind(kind), key)
        case ["cafe", cafe] if is_id(cafe):
            return Room(cafe, RoomKind.CAFE)
        case ["cafe", cafe, kind] if is_id(cafe) and kind in _PLAIN_KINDS:
            return Room(cafe, RoomKind(kind))
        case ["cafe", cafe, kind, key] if is_id(cafe) and kind in _KEYED_KINDS:
            return Room(cafe, RoomKind(kind), key) if _fits(RoomKind(kind), key) else None
    return None


def _fits(kind: RoomKind, key: str) -> bool:
    if kind is RoomKind.ROLE:
        return key in set(Role)
    if kind is RoomKind.TABLE:
        return _TABLE_NUMBER.fullmatch(key) is not None
    return is_id(key)
