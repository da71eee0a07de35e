"""Rights: lines written by hand from the product's rules, held against the tables."""

import pytest

from config.namespaces import NAMESPACES
from domain.permissions import (
    COMMAND_ROLES,
    COMPONENT_ROLES,
    IMPLIED_ROOMS,
    ROOM_ROLES,
    list_implied_rooms,
    may,
    may_join,
)
from domain.roles import Identity, IdentityKind, Role, expand_roles
from domain.rooms import Room, RoomKind

CAFE = "01890a5d-ac96-774b-bcce-b302099a8057"
OTHER_CAFE = "01890a5d-ac96-774b-bcce-b302099a8058"
SEATING = "01890a5d-ac96-774b-bcce-b302099a8059"
OTHER_SEATING = "01890a5d-ac96-774b-bcce-b302099a8060"


def _identity(role: Role) -> Identity:
    if role is Role.CUSTOMER:
        return Identity(
            kind=IdentityKind.GUEST,
            principal="lane:1",
            cafe_id=CAFE,
            roles=frozenset({role}),
            lane_id="1",
            table_session_id=SEATING,
        )
    return Identity(
        kind=IdentityKind.PERSON, principal="person:1", cafe_id=CAFE, roles=frozenset({role})
    )


@pytest.mark.parametrize(
    ("role", "command", "is_allowed"),
    [
        (Role.CUSTOMER, "place_order", True),
        (Role.CUSTOMER, "void_items", True),
        (Role.CUSTOMER, "cancel_order", False),
        (Role.CUSTOMER, "finish_items", False),
        (Role.CUSTOMER, "serve_items", False),
        (Role.CUSTOMER, "list_tickets", False),
        (Role.CUSTOMER, "order_status_update", False),
        (Role.CUSTOMER, "read_events", False),
        (Role.KITCHEN, "start_items", True),
        (Role.KITCHEN, "finish_items", True),
        (Role.KITCHEN, "bump_ticket", True),
        (Role.KITCHEN, "recall_items", True),
        (Role.KITCHEN, "set_availability", True),
        (Role.KITCHEN, "acknowledge_void", True),
        (Role.KITCHEN, "serve_items", False),
        (Role.KITCHEN, "place_order", False),
        (Role.KITCHEN, "void_items", False),
        (Role.KITCHEN, "read_order", False),
        (Role.EXPO, "serve_items", True),
        (Role.EXPO, "recall_items", True),
        (Role.EXPO, "place_order", False),
        (Role.EXPO, "reject_round", False),
        (Role.COUNTER, "place_order", True),
        (Role.COUNTER, "approve_round", True),
        (Role.COUNTER, "serve_items", True),
        (Role.COUNTER, "bump_ticket", False),
        (Role.COUNTER, "read_events", False),
        (Role.MANAGER, "cancel_order", True),
        (Role.MANAGER, "read_events", True),
        (Role.MANAGER, "bump_ticket", True),
        (Role.OWNER, "close_table_session", True),
        (Role.BOARD, "read_board", True),
        (Role.BOARD, "place_order", False),
        (Role.BOARD, "list_orders", False),
        (Role.OWNER, "no_such_command", False),
    ],
)
def test_a_command_is_open_to_whom_the_cafe_expects(
    role: Role, command: str, is_allowed: bool
) -> None:
    """The table equals the rule as a person would say it."""
    assert may(_identity(role), command) is is_allowed


@pytest.mark.parametrize(
    ("role", "kind", "key", "is_allowed"),
    [
        (Role.CUSTOMER, RoomKind.CAFE, "", False),
        (Role.CUSTOMER, RoomKind.STAFF, "", False),
        (Role.CUSTOMER, RoomKind.KITCHEN, "", False),
        (Role.CUSTOMER, RoomKind.CUSTOMERS, "", True),
        (Role.CUSTOMER, RoomKind.SESSION, SEATING, True),
        (Role.CUSTOMER, RoomKind.SESSION, OTHER_SEATING, False),
        (Role.CUSTOMER, RoomKind.TABLE, "7", False),
        (Role.CUSTOMER, RoomKind.ROLE, "counter", False),
        (Role.KITCHEN, RoomKind.KITCHEN, "", True),
        (Role.KITCHEN, RoomKind.CAFE, "", False),
        (Role.KITCHEN, RoomKind.STAFF, "", False),
        (Role.KITCHEN, RoomKind.ORDER, SEATING, False),
        (Role.KITCHEN, RoomKind.STATION, SEATING, True),
        (Role.COUNTER, RoomKind.CAFE, "", True),
        (Role.COUNTER, RoomKind.KITCHEN, "", False),
        (Role.COUNTER, RoomKind.MANAGEMENT, "", False),
        (Role.COUNTER, RoomKind.ORDER, SEATING, True),
        (Role.COUNTER, RoomKind.ROLE, "counter", True),
        (Role.COUNTER, RoomKind.ROLE, "manager", False),
        (Role.EXPO, RoomKind.KITCHEN, "", True),
        (Role.EXPO, RoomKind.SESSION, SEATING, False),
        (Role.MANAGER, RoomKind.MANAGEMENT, "", True),
        (Role.MANAGER, RoomKind.CUSTOMERS, "", False),
        (Role.BOARD, RoomKind.CUSTOMERS, "", True),
        (Role.BOARD, RoomKind.STAFF, "", False),
    ],
)
def test_a_room_admits_whom_the_cafe_expects(
    role: Role, kind: RoomKind, key: str, is_allowed: bool
) -> None:
    """The table of rooms equals the rule as a person would say it."""
    assert may_join(_identity(role), Room(CAFE, kind, key)) is is_allowed


@pytest.mark.parametrize("role", list(Role))
def test_no_role_enters_a_room_of_another_cafe(role: Role) -> None:
    """Tenant first: the cafe is compared before any role."""
    entered = [
        kind for kind in RoomKind if may_join(_identity(role), Room(OTHER_CAFE, kind, SEATING))
    ]

    assert entered == []


@pytest.mark.parametrize("role", list(Role))
def test_every_implied_room_is_one_the_role_may_join(role: Role) -> None:
    """Being put into a room at connect is no way around the table."""
    identity = _identity(role)

    assert all(may_join(identity, room) for room in list_implied_rooms(identity))


def test_every_command_of_every_namespace_has_a_right() -> None:
    """A command that is accepted somewhere stands in the rights table, and somebody there may."""
    for rule in NAMESPACES.values():
        for command in rule.commands:
            assert not COMMAND_ROLES[command].isdisjoint(rule.roles), command


def test_every_kind_of_room_and_role_is_in_the_tables() -> None:
    """Nothing is open or closed by being forgotten."""
    assert set(RoomKind) - {RoomKind.ROLE} == set(ROOM_ROLES)
    assert set(Role) == set(IMPLIED_ROOMS)
    assert Role.KITCHEN not in COMPONENT_ROLES["order_card"], "a card with prices"


def test_the_sources_role_words_are_understood() -> None:
    """staff, admin and management are accepted wherever roles are named."""
    assert expand_roles(["staff"]) == {Role.COUNTER, Role.EXPO, Role.MANAGER, Role.OWNER}
    assert expand_roles(["admin", "kitchen"]) == {Role.OWNER, Role.KITCHEN}
    with pytest.raises(ValueError, match="chef"):
        expand_roles(["chef"])
