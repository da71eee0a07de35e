"""Render the generated part of docs/rights.md: who may do what, from the tables that decide it.

`make references` writes it; tests/protocol/test_rights_reference.py fails when it is due.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from config.namespaces import NAMESPACES
from domain.permissions import COMMAND_ROLES, ROOM_ROLES, list_implied_rooms
from domain.roles import Identity, IdentityKind, Role
from domain.rooms import RoomKind
from handlers.api.route import PUBLIC
from handlers.api.table import ROUTES
from handlers.base import SIGNED_IN, BaseHandler
from handlers.page import GuestPage
from handlers.routes import PAGES, name_route

DOCUMENT = Path(__file__).parents[2] / "docs" / "rights.md"
START, END = "<!-- generated -->\n", "<!-- /generated -->\n"
_EVERYBODY = frozenset(Role)
# Without a role, so that the rooms they are in are those of what they belong to.
_OWN = {
    "guests": Identity(
        kind=IdentityKind.GUEST,
        principal="",
        cafe_id="",
        roles=frozenset(),
        table_session_id="a seating",
    ),
    "screens": Identity(
        kind=IdentityKind.DEVICE,
        principal="",
        cafe_id="",
        roles=frozenset(),
        device_id="a screen",
        station_id="a station",
    ),
}


def render_rights() -> str:
    """Make the generated part of the page."""
    return "\n".join(
        (
            "## Commands\n\n" + _list_commands(),
            "## Rooms\n\n" + _list_rooms(),
            "## REST\n\n" + _list_routes(),
            "## Pages\n\n" + _list_pages(),
        )
    )


def write_rights() -> None:
    """Write the generated part into the page again."""
    before, _, rest = DOCUMENT.read_text().partition(START)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + START + render_rights() + END + after)


def list_page_roles(page: type[BaseHandler]) -> Collection[Role]:
    """List who may see a page, by its right; nobody where it declares none that exists."""
    if page.is_public:
        return _EVERYBODY
    roles = _list_roles(page.permission)
    # A guest's page knows guests alone, and the others do not know guests.
    is_for_guests = issubclass(page, GuestPage)
    return [role for role in roles if (role is Role.CUSTOMER) is is_for_guests]


def _list_commands() -> str:
    rows = []
    for name, roles in sorted(COMMAND_ROLES.items()):
        where = [f"`/{each}`" for each, rule in NAMESPACES.items() if name in rule.commands]
        rows.append(((f"`{name}`", ", ".join(where) or "REST and pages"), roles))
    return _draw(("command", "accepted at"), rows)


def _list_rooms() -> str:
    rows: list[tuple[tuple[str, ...], Collection[Role]]] = [
        ((f"`{kind}`", _say_when(kind)), ROOM_ROLES.get(kind, frozenset()))
        for kind in RoomKind
        if kind is not RoomKind.ROLE
    ]
    own = ((f"`{RoomKind.ROLE}`", "at once, each its own"), _EVERYBODY)
    return _draw(("room", "joined"), [*rows, own])


def _say_when(kind: RoomKind) -> str:
    roles = [role.value for role in Role if _is_at_once_in(kind, _make_person(role))]
    if roles:
        return f"at once by {', '.join(roles)}"
    own = [word for word, identity in _OWN.items() if _is_at_once_in(kind, identity)]
    return f"at once by its own {', '.join(own)}; else on request" if own else "on request"


def _is_at_once_in(kind: RoomKind, identity: Identity) -> bool:
    return any(room.kind is kind for room in list_implied_rooms(identity))


def _make_person(role: Role) -> Identity:
    return Identity(kind=IdentityKind.PERSON, principal="", cafe_id="", roles=frozenset({role}))


def _list_routes() -> str:
    rows = [
        (
            (f"`{route.method} {route.path}`", _say_right(route.permission)),
            _list_roles(route.permission),
        )
        for route in ROUTES
    ]
    return _draw(("address below /api/v1", "right"), rows)


def _list_pages() -> str:
    rows = [
        (
            (
                f"`{name_route(pattern)}`",
                "anybody" if page.is_public else _say_right(page.permission or ""),
            ),
            list_page_roles(page),
        )
        for pattern, page in PAGES.items()
    ]
    return _draw(("address", "right"), rows)


def _list_roles(permission: str | None) -> frozenset[Role]:
    if permission in (PUBLIC, SIGNED_IN):
        return _EVERYBODY
    return COMMAND_ROLES.get(permission or "", frozenset())


def _say_right(permission: str) -> str:
    return {PUBLIC: "anybody", SIGNED_IN: "anybody known"}.get(permission, f"`{permission}`")


def _draw(heads: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], Collection[Role]]]) -> str:
    columns = [*heads, *(role.value for role in Role)]
    lines = [_join(columns), _join(["---"] * len(columns))]
    for cells, roles in rows:
        lines.append(_join([*cells, *("yes" if role in roles else "" for role in Role)]))
    return "\n".join(lines) + "\n"


def _join(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
