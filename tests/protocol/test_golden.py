"""Every message looks exactly like its golden file, and its published schema says so."""

import json
import re
from typing import Any

import pytest

from config.namespaces import NAMESPACES, Namespace
from realtime.asyncapi import build_asyncapi, list_namespace_messages
from realtime.close_codes import CLOSE_RULES
from realtime.messages.catalogue import EPHEMERAL_TYPES, EVENT_TYPES, MESSAGES, Direction
from realtime.messages.commands import ACCEPTED, COMMAND_NAMES, COMMAND_TYPES, list_accepted
from realtime.strict_json import decode_strict
from tests.architecture.checkout import ROOT
from tests.protocol.golden import FOLDER, render
from tests.protocol.samples import (
    make_all,
    make_client_messages,
    make_ephemeral_messages,
    make_event_messages,
)
from tests.support.schemas import build_validator, list_faults

DOCUMENT = build_asyncapi(public_url="https://cafe.example", version="1.2.3")
SAMPLES = make_all()


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_message_is_what_its_golden_file_says(name: str):
    """A change of the wire is a change of a file: `python -m tests.protocol.golden`."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == render(SAMPLES[name])


def test_there_is_a_golden_file_for_every_message_and_no_other():
    """A message without a file would be one that nothing holds."""
    files = {path.stem for path in FOLDER.glob("*.json")}

    assert {message.key for message in MESSAGES} <= files
    assert files == set(SAMPLES)


def _read_schema(name: str) -> dict[str, Any]:
    key = name.split("_")[0] if name.startswith(("ack_", "error_")) else name
    if name.startswith("fragment_"):
        key = SAMPLES[name]["type"]
    schema: dict[str, Any] = DOCUMENT["components"]["messages"][key]["payload"]
    return schema


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_message_fits_its_published_schema(name: str):
    """What AsyncAPI promises is what is sent and accepted."""
    validator = build_validator(_read_schema(name), DOCUMENT["components"])

    assert [] == list_faults(validator, SAMPLES[name])


@pytest.mark.parametrize("name", sorted(make_client_messages()))
def test_a_client_message_decodes_where_it_is_accepted_and_nowhere_else(name: str):
    """The namespace table decides, for every type and every namespace."""
    raw = json.dumps(SAMPLES[name]).encode()
    for namespace in Namespace:
        accepted = {str(each.__struct_config__.tag): each for each in list_accepted(namespace)}
        is_own = name not in COMMAND_TYPES or name in NAMESPACES[namespace].commands
        assert (name in accepted) == is_own
        if is_own:
            assert isinstance(decode_strict(raw, ACCEPTED[namespace]), accepted[name])


def test_every_event_type_of_the_namespaces_has_a_message():
    """The table of namespaces names no event that nobody can make, and none is forgotten."""
    named = {event for rule in NAMESPACES.values() for event in rule.events}

    assert named == EVENT_TYPES | EPHEMERAL_TYPES
    assert set(make_event_messages()) == EVENT_TYPES
    assert set(make_ephemeral_messages()) == EPHEMERAL_TYPES


def test_every_command_of_the_namespaces_has_a_struct():
    """The table of namespaces names no command that nobody can decode."""
    named = {command for rule in NAMESPACES.values() for command in rule.commands}

    assert named <= COMMAND_NAMES


def test_the_document_describes_every_namespace_and_close_code():
    """One channel, two operations per namespace; all references lead somewhere."""
    text = json.dumps(DOCUMENT)

    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["servers"]["default"] == {"host": "cafe.example", "protocol": "wss"}
    assert set(DOCUMENT["channels"]) == {namespace.value for namespace in Namespace}
    assert len(DOCUMENT["operations"]) == 2 * len(Namespace)
    assert [row["code"] for row in DOCUMENT["x-close-codes"]] == [int(code) for code in CLOSE_RULES]
    for reference in _list_references(DOCUMENT):
        assert _resolve(reference) is not None, reference
    assert "$defs" not in text


def test_the_browsers_table_of_close_codes_is_the_servers():
    """static/js has names, sentences of its own, and the same answer to "come back?"."""
    text = (ROOT / "static/js/core/protocol.js").read_text(encoding="utf-8")
    rows = re.findall(r"^  (4\d{3}): \{ name: '(\w+)', comesBack: (true|false),", text, re.M)

    assert [
        (str(code), rule.name, str(rule.comes_back).lower()) for code, rule in CLOSE_RULES.items()
    ] == rows


def test_the_payments_namespace_carries_what_its_row_says():
    """Channels follow the table: no kitchen message at /payments."""
    names = {each.name for each in list_namespace_messages(Namespace.PAYMENTS, Direction.SERVER)}

    assert "order_status_updated" in names
    assert "kitchen_order_received" not in names


def _list_references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [each for value in node.values() for each in _list_references(value)]
    if isinstance(node, list):
        return [each for value in node for each in _list_references(value)]
    return []


def _resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node
