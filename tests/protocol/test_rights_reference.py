"""docs/rights.md says what the code says, and nothing is open without a declared right."""

from config.namespaces import NAMESPACES
from domain.permissions import COMMAND_ROLES, ROOM_ROLES
from domain.rooms import RoomKind
from handlers.base import SIGNED_IN
from handlers.routes import PAGES
from tests.support.rights_reference import DOCUMENT, render_rights


def test_the_page_is_up_to_date():
    """`make references` writes it again after a change."""
    assert render_rights() in DOCUMENT.read_text()


def test_every_page_declares_who_may_see_it():
    """Either it is public, or it takes a right that exists."""
    undeclared = [
        pattern
        for pattern, page in PAGES.items()
        if not page.is_public and page.permission not in {SIGNED_IN, *COMMAND_ROLES}
    ]

    assert undeclared == []


def test_every_command_and_room_declares_who_may():
    """What a namespace accepts has a row among the rights, and so has every kind of room."""
    accepted = {name for rule in NAMESPACES.values() for name in rule.commands}

    assert accepted - set(COMMAND_ROLES) == set()
    assert set(RoomKind) - set(ROOM_ROLES) == {RoomKind.ROLE}


def test_the_page_says_who_is_in_a_room_from_the_start():
    """A seating's guests and a paired screen ask for none of theirs."""
    table = DOCUMENT.read_text().partition("## Rooms\n\n")[2].partition("\n\n")[0]
    rows = [line.split("|") for line in table.splitlines()]
    joined = {kind.strip("` "): when.strip() for _, kind, when, *_ in rows}

    assert {kind: joined[kind] for kind in ("session", "station", "device", "order")} == {
        "session": "at once by its own guests; else on request",
        "station": "at once by its own screens; else on request",
        "device": "at once by its own screens; else on request",
        "order": "on request",
    }
