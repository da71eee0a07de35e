"""Render the generated part of docs/protocol.md from the code and the golden files.

Sections: namespaces, client messages, server messages with an example each, close codes, errors.
`make references` writes it; tests/protocol/test_reference.py fails when it is due.
"""

import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import msgspec

from config.namespaces import NAMESPACES
from domain.errors import ERROR_RULES
from domain.events import AnyEvent
from domain.permissions import COMMAND_ROLES
from domain.roles import Role
from domain.rooms import Room
from realtime.close_codes import render_close_code_table
from realtime.messages.catalogue import EVENT_TYPES, MESSAGES, Direction, MessageType
from realtime.publications import publish
from tests.protocol.golden import FOLDER
from tests.support.made_ephemera import make_ephemera
from tests.support.made_events import log_event, make_events

DOCUMENT = Path(__file__).parents[2] / "docs" / "protocol.md"
_EVENT_STRUCTS: dict[str, type[msgspec.Struct]] = {
    str(struct.__struct_config__.tag): struct for struct in get_args(AnyEvent)
}
START, END = "<!-- generated -->\n", "<!-- /generated -->\n"


def render_reference() -> str:
    """Make the generated part of the page."""
    parts = [
        "## Namespaces\n\n" + _list_namespaces(),
        "## What a client sends\n\n" + "\n".join(_describe(each) for each in _of(Direction.CLIENT)),
        "## What the server sends\n\n"
        + "\n".join(_describe(each) for each in _of(Direction.SERVER)),
        "## Errors\n\n" + _list_errors(),
        "## Close codes\n\n" + render_close_code_table(),
    ]
    return "\n".join(parts)


def write_reference() -> None:
    """Write the generated part into the page again."""
    before, _, rest = DOCUMENT.read_text().partition(START)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(before + START + render_reference() + END + after)


def _of(direction: Direction) -> list[MessageType]:
    return [message for message in MESSAGES if message.direction is direction]


def _list_namespaces() -> str:
    rows = ["| namespace | roles | commands |", "|---|---|---|"]
    for namespace, rule in NAMESPACES.items():
        commands = ", ".join(f"`{name}`" for name in sorted(rule.commands)) or "room commands only"
        rows.append(f"| `/ws/{namespace}` | {_join_roles(rule.roles)} | {commands} |")
    return "\n".join(rows) + "\n"


def _join_roles(roles: frozenset[Role]) -> str:
    return ", ".join(role.value for role in Role if role in roles)


def _describe(message: MessageType) -> str:
    facts = [_summarise(message), *_list_facts(message)]
    example = json.dumps(
        json.loads((FOLDER / f"{message.key}.json").read_text()), ensure_ascii=False
    )
    return "\n".join([f"### `{message.key}`", "", *facts, "", "```json", example, "```", ""])


def _summarise(message: MessageType) -> str:
    """The first line of what the message, or the event behind it, says of itself."""
    struct = _EVENT_STRUCTS.get(message.name, message.struct)
    assert struct.__doc__, f"{struct.__name__} says nothing of itself"
    return inspect.cleandoc(struct.__doc__).partition("\n")[0]


def _list_facts(message: MessageType) -> list[str]:
    if message.name in COMMAND_ROLES:
        return ["", f"Open to: {_join_roles(COMMAND_ROLES[message.name])}."]
    if message.name in EVENT_TYPES:
        publication = publish(log_event(make_events()[message.name], seq=7))
        whom = " Of those in them, whom its audience admits." if publication.audience else ""
        return ["", f"{_name_rooms(publication.rooms)}{whom} Replayed after a break."]
    if message.is_ephemeral:
        rooms = _name_rooms(make_ephemera()[message.name].rooms)
        return ["", f"{rooms} Not in the log: only the newest counts, never replayed."]
    return []


def _name_rooms(rooms: Iterable[Room]) -> str:
    kinds = dict.fromkeys(room.kind for room in rooms)
    return f"Rooms: {', '.join(f'`{kind}`' for kind in kinds)}."


def _list_errors() -> str:
    rows = [
        "| type | HTTP status | recoverable | closes with | what to do |",
        "|---|---|---|---|---|",
    ]
    rows += [
        f"| `{kind}` | {rule.http_status} | {'yes' if rule.recoverable else 'no'} "
        f"| {rule.close_code or ''} | {rule.remedy} |"
        for kind, rule in ERROR_RULES.items()
    ]
    return "\n".join(rows) + "\n"
