"""Nothing is declared that nobody sends, and nothing is sent that nobody reads (spec C2).

Read from the source: who makes each message, and which script, client or page does something with
it. That a message looks like its golden file is tests/protocol's business.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.events import AnyEvent
from domain.permissions import COMMAND_ROLES
from realtime.ephemera import Ephemeral
from realtime.messages import commands
from realtime.messages.catalogue import MESSAGES, Direction, MessageType
from realtime.publications import Publication, publish
from services.operations import OPERATIONS
from tests.architecture.checkout import ROOT
from tests.support.made_ephemera import make_ephemera
from tests.support.made_events import log_event, make_events

# An error has one of nine types; both clients know it by its fields.
_SENT = [
    message
    for message in MESSAGES
    if message.direction is Direction.SERVER and message.name != "error"
]
_TAKEN = [message for message in MESSAGES if message.direction is Direction.CLIENT]
# Where messages and events are declared: what stands there makes nothing.
_DECLARED = ("domain/events.py", "realtime/messages/")
_EVENTS = {kind.__struct_config__.tag: kind.__name__ for kind in AnyEvent.__args__}


def _parse(folder: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _read(folder: str, suffix: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob(f"*{suffix}"))
    )


def _list_made() -> set[str]:
    """Name every class that the product makes something of."""
    folders = ("domain", "services", "realtime", "jobs", "composition")
    return {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for folder in folders
        for name, module in _parse(folder)
        if not name.startswith(_DECLARED)
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }


def _list_shown_components() -> set[str]:
    """Name the cards that some page asks for when it attaches: `render=` of its handler."""
    return {
        text.value
        for _, module in _parse("handlers/pages")
        for node in ast.walk(module)
        if isinstance(node, ast.keyword) and node.arg == "render"
        for text in ast.walk(node.value)
        if isinstance(text, ast.Constant) and isinstance(text.value, str)
    }


def _list_carried_components() -> dict[str, set[str]]:
    """Say of every message that may carry cards which ones."""
    publications = [publish(log_event(event, seq=7)) for event in make_events().values()]
    makers: list[Publication | Ephemeral] = [*publications, *make_ephemera().values()]
    return {each.type: {card.component for card in each.renderings} for each in makers}


MADE = _list_made()
SHOWN = _list_shown_components()
CARRIED = _list_carried_components()
SCRIPTS = _read("static/js", ".js")
CLIENT = _read("client", ".py")
DISPATCHER = (ROOT / "realtime/dispatcher.py").read_text(encoding="utf-8")


def _is_named(name: str, source: str) -> bool:
    if re.search(rf"""(['"]){name}\1|\b{name}: '""", source):
        return True
    prefixes = re.findall(r"""type\.startsWith\('(\w+)'\)""", source)
    return any(name.startswith(prefix) for prefix in prefixes)


@pytest.mark.parametrize("message", _SENT, ids=lambda message: message.key)
def test_a_message_of_the_server_is_made_somewhere(message: MessageType):
    """An event by an operation or a rule, everything else by the plane."""
    assert _EVENTS.get(message.name, message.struct.__name__) in MADE


@pytest.mark.parametrize("message", _SENT, ids=lambda message: message.key)
def test_a_message_of_the_server_is_read_somewhere(message: MessageType):
    """By a script, by the Python client, or as a card that some page asks for."""
    is_shown = not CARRIED.get(message.name, set()).isdisjoint(SHOWN)

    assert is_shown or _is_named(message.name, SCRIPTS) or _is_named(message.name, CLIENT)


@pytest.mark.parametrize("message", _TAKEN, ids=lambda message: message.key)
def test_a_message_of_clients_has_a_handler(message: MessageType):
    """A command has its operation and a right; the connection's own are the dispatcher's."""
    if message.name in commands.COMMAND_TYPES:
        operation = OPERATIONS[message.name]
        assert operation.command_type is commands.COMMAND_TYPES[message.name]
        assert message.name in COMMAND_ROLES
    elif message.struct in commands.ROOM_MESSAGES:
        payload = message.struct.__annotations__["data"]
        assert f"case {payload.__name__}(" in DISPATCHER
    else:
        assert re.search(rf"isinstance\(message, {message.struct.__name__}\)", DISPATCHER)


def test_the_sources_are_where_this_looks_for_them():
    """Or all of the above would be about nothing."""
    assert Path(ROOT / "static/js/core/socket.js").is_file()
    assert {"kitchen_ticket", "order_card", "board_number", "table_call"} <= SHOWN
    assert not _is_named("no_such_message", SCRIPTS + CLIENT)
