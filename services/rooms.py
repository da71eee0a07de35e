"""Who may be in which room: the pure table of rights, and the rows behind a room's name.

The socket plane asks before it joins anybody (`realtime.ports.CheckRooms`, by `runner.read`). A
room of another cafe, of another guest's seating and of a thing that does not exist are left out
alike: the caller cannot tell them apart.
"""

from collections.abc import Callable, Sequence

from domain.permissions import may_join
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from models.orders import Order
from models.tables import TableSession
from models.tenancy import CafeTable, Device, Station


def check_rooms(identity: Identity, rooms: Sequence[Room]) -> list[Room]:
    """Return those of the rooms that an identity may be in, in order. Reads."""
    return [room for room in rooms if may_join(identity, room) and _has_row(identity, room)]


def _has_row(identity: Identity, room: Room) -> bool:
    find = _ROWS.get(room.kind)
    return find is None or find(identity, room)


def _has_order(identity: Identity, room: Room) -> bool:
    query = Order.select().where(Order.id == room.key, Order.cafe_id == room.cafe_id)
    if identity.is_guest:
        query = query.where(Order.table_session_id == identity.table_session_id)
    return query.exists()


def _has_session(identity: Identity, room: Room) -> bool:
    query = TableSession.select().where(
        TableSession.id == room.key, TableSession.cafe_id == room.cafe_id
    )
    if identity.is_guest:
        query = query.where(TableSession.closed_at.is_null())
    return query.exists()


def _has_station(_: Identity, room: Room) -> bool:
    return (
        Station.select()
        .where(
            Station.id == room.key, Station.cafe_id == room.cafe_id, Station.archived_at.is_null()
        )
        .exists()
    )


def _has_table(_: Identity, room: Room) -> bool:
    return (
        CafeTable.select()
        .where(
            CafeTable.cafe_id == room.cafe_id,
            CafeTable.number == int(room.key),
            CafeTable.archived_at.is_null(),
        )
        .exists()
    )


def _has_device(_: Identity, room: Room) -> bool:
    return (
        Device.select()
        .where(Device.id == room.key, Device.cafe_id == room.cafe_id, Device.revoked_at.is_null())
        .exists()
    )


# Kinds whose names hold the id of a row; the others are about the cafe as a whole.
_ROWS: dict[RoomKind, Callable[[Identity, Room], bool]] = {
    RoomKind.ORDER: _has_order,
    RoomKind.SESSION: _has_session,
    RoomKind.STATION: _has_station,
    RoomKind.TABLE: _has_table,
    RoomKind.DEVICE: _has_device,
}
