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


# Read off what each job is, and not off the table: who, what, and whether they may.
COMMANDS_BY_HAND = """
customer place_order yes
customer add_round yes
customer quote yes
customer void_items yes
customer initiate_payment yes
customer cancel_payment yes
customer list_payments yes
customer call_staff yes
customer cancel_call yes
customer read_menu yes
customer read_order yes
customer cancel_order no
customer approve_round no
customer start_items no
customer finish_items no
customer serve_items no
customer confirm_terminal_payment no
customer refund_payment no
customer list_tickets no
customer list_tables no
customer order_status_update no
customer set_availability no
customer pause_ordering no
customer resume_ordering no
customer read_events no
customer send_notice no
kitchen start_items yes
kitchen finish_items yes
kitchen recall_items yes
kitchen start_ticket yes
kitchen bump_ticket yes
kitchen recall_ticket yes
kitchen acknowledge_void yes
kitchen set_availability yes
kitchen pause_ordering yes
kitchen resume_ordering yes
kitchen set_busy_limit no
kitchen read_availability yes
kitchen list_tickets yes
kitchen order_status_update yes
kitchen read_menu no
kitchen quote no
kitchen place_order no
kitchen void_items no
kitchen cancel_order no
kitchen serve_items no
kitchen remake_items no
kitchen read_order no
kitchen list_orders no
kitchen list_payments no
kitchen initiate_payment no
kitchen refund_payment no
kitchen list_tables no
kitchen edit_menu_item no
kitchen read_analytics no
expo serve_items yes
expo recall_items yes
expo remake_items yes
expo bump_ticket yes
expo place_order no
expo void_items no
expo cancel_order no
expo approve_round no
expo reject_round no
expo refund_payment no
expo initiate_payment no
expo close_table_session no
counter place_order yes
counter add_round yes
counter approve_round yes
counter reject_round yes
counter cancel_order yes
counter void_items yes
counter serve_items yes
counter remake_items yes
counter initiate_payment yes
counter confirm_terminal_payment yes
counter refund_payment yes
counter close_table_session yes
counter bump_ticket no
counter start_items no
counter call_staff no
counter edit_menu_item no
counter edit_modifier no
counter read_events no
counter read_audit no
counter review_payments no
counter pair_device no
counter change_roles no
counter send_notice no
manager bump_ticket yes
manager cancel_order yes
manager refund_payment yes
manager review_payments yes
manager edit_menu_item yes
manager read_analytics yes
manager read_audit yes
manager pair_device yes
manager invite_person yes
manager revoke_person yes
manager export_audit no
manager revoke_everybody no
manager call_staff no
owner export_audit yes
owner revoke_everybody yes
owner change_roles yes
owner close_table_session yes
owner no_such_command no
board read_board yes
board read_menu no
board place_order no
board list_orders no
board list_tickets no
board order_status_update no
board list_connections no
"""
ROOMS_BY_HAND = """
customer cafe - no
customer staff - no
customer kitchen - no
customer management - no
customer customers - yes
customer session own yes
customer session other no
customer order own yes
customer table 7 no
customer station own no
customer device own no
customer role customer yes
customer role counter no
kitchen kitchen - yes
kitchen station own yes
kitchen cafe - no
kitchen staff - no
kitchen management - no
kitchen customers - no
kitchen order own no
kitchen session own no
kitchen table 7 no
kitchen role kitchen yes
kitchen role owner no
expo cafe - yes
expo staff - yes
expo kitchen - yes
expo station own yes
expo table 7 yes
expo order own yes
expo session own no
expo management - no
counter cafe - yes
counter staff - yes
counter order own yes
counter session own yes
counter table 7 yes
counter kitchen - no
counter station own no
counter management - no
counter customers - no
counter device own no
counter role counter yes
counter role manager no
manager cafe - yes
manager kitchen - yes
manager management - yes
manager session own yes
manager device own yes
manager customers - no
manager role owner no
owner management - yes
owner station own yes
owner device own yes
owner customers - no
board customers - yes
board cafe - no
board staff - no
board kitchen - no
board order own no
board device own no
"""
KEYS = {"-": "", "own": SEATING, "other": OTHER_SEATING}


def _read_lines(text: str) -> list[list[str]]:
    return [line.split() for line in text.split("\n") if line]


@pytest.mark.parametrize(("role", "command", "answer"), _read_lines(COMMANDS_BY_HAND))
def test_a_command_is_open_to_whom_the_cafe_expects(role: str, command: str, answer: str) -> None:
    """The table equals the rule as a person would say it."""
    assert may(_identity(Role(role)), command) is (answer == "yes")


@pytest.mark.parametrize(("role", "kind", "key", "answer"), _read_lines(ROOMS_BY_HAND))
def test_a_room_admits_whom_the_cafe_expects(role: str, kind: str, key: str, answer: str) -> None:
    """The table of rooms equals the rule as a person would say it."""
    room = Room(CAFE, RoomKind(kind), KEYS.get(key, key))

    assert may_join(_identity(Role(role)), room) is (answer == "yes")


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
