"""Names of rooms: built and parsed in one place, and nothing but the exact name parses."""

import pytest

from domain.errors import InvalidMessage
from domain.roles import Role
from domain.rooms import Room, RoomKind, parse_room

CAFE = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER = "01890a5d-ac96-774b-bcce-b302099a8058"


def _every_room() -> list[Room]:
    keys = {
        RoomKind.ROLE: Role.COUNTER.value,
        RoomKind.TABLE: "12",
        RoomKind.STATION: OTHER,
        RoomKind.SESSION: OTHER,
        RoomKind.ORDER: OTHER,
        RoomKind.DEVICE: OTHER,
    }
    return [Room(CAFE, kind, keys.get(kind, "")) for kind in RoomKind]


@pytest.mark.parametrize("room", _every_room(), ids=lambda room: room.kind)
def test_every_kind_of_room_survives_the_round_trip(room: Room) -> None:
    """What is built parses to the same room."""
    parsed = parse_room(str(room), cafe_id=CAFE)

    assert room == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cafe",
        "cafe:",
        "cafe:*",
        f"cafe:{CAFE.upper()}",
        f"cafe:{CAFE}:",
        f"cafe:{CAFE}:STAFF",
        f"cafe:{CAFE}:staff:",
        f"cafe:{CAFE}:staff\x00",
        f" cafe:{CAFE}",
        f"cafe:{CAFE}:role:chef",
        f"cafe:{CAFE}:table:",
        f"cafe:{CAFE}:table:-1",
        f"cafe:{CAFE}:table:٣",
        f"cafe:{CAFE}:table:0",
        f"cafe:{CAFE}:table:007",
        f"cafe:{CAFE}:table:10000",
        f"cafe:{CAFE}:table:12\n",
        f"cafe:{CAFE}:station:bar",
        "order:17",
        f"order:{CAFE}:extra",
        f"user:{CAFE}",
    ],
)
def test_anything_but_an_exact_name_is_refused(text: str) -> None:
    """Wildcards, case, NUL, blanks and foreign digits are no spelling of a room."""
    with pytest.raises(InvalidMessage):
        parse_room(text, cafe_id=CAFE)


@pytest.mark.parametrize("number", [1, 10, 9999])
def test_every_number_that_a_table_can_have_names_its_room(number: int) -> None:
    """The limits are those of `join_table` and of the database."""
    assert parse_room(f"cafe:{CAFE}:table:{number}", cafe_id=CAFE).key == str(number)


def test_a_room_of_another_cafe_keeps_that_cafe() -> None:
    """The cafe in the name is kept, so that the rights table can refuse it."""
    assert parse_room(f"cafe:{OTHER}:staff", cafe_id=CAFE).cafe_id == OTHER
