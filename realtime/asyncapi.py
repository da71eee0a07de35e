"""The AsyncAPI 3 document of the socket protocol, made from the same structs that decode it.

`build_asyncapi` is served at /api/asyncapi.json; tests/protocol validates every golden message
against its schemas.
"""

from typing import Any

import msgspec

from config.namespaces import NAMESPACES, Namespace
from realtime.close_codes import CLOSE_RULES
from realtime.messages.catalogue import MESSAGES, Direction, MessageType
from realtime.messages.commands import list_accepted
from realtime.messages.envelope import PROTOCOL_VERSION

_REF = "#/components/schemas/{name}"
_DESCRIPTION = (
    "Frames are JSON objects, one per WebSocket message at `/ws/<namespace>/websocket`, or strings "
    "of SockJS at `/ws/<namespace>`. The first frame is `authenticate`; the server answers "
    "`welcome` and `joined`, then what was missed since the client's position, then what happens. "
    "Commands `{type, id, data}` are answered by `ack` or an error with the same id."
)


def build_asyncapi(*, public_url: str, version: str) -> dict[str, Any]:
    """Build the document. public_url: without a path. version: of the product."""
    scheme, _, host = public_url.partition("://")
    structs = [message.struct for message in MESSAGES]
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "TableTap events",
            "version": version,
            "description": _DESCRIPTION,
            "x-protocol-version": PROTOCOL_VERSION,
        },
        "defaultContentType": "application/json",
        "servers": {"default": {"host": host, "protocol": "wss" if scheme == "https" else "ws"}},
        "channels": {namespace.value: _describe_channel(namespace) for namespace in Namespace},
        "operations": _list_operations(),
        "components": {
            "messages": {message.key: _describe_message(message) for message in MESSAGES},
            "schemas": schemas,
        },
        "x-close-codes": msgspec.to_builtins(list(CLOSE_RULES.values())),
    }


def list_namespace_messages(namespace: Namespace, direction: Direction) -> list[MessageType]:
    """List what travels through a namespace in one direction."""
    accepted = set(list_accepted(namespace))
    events = NAMESPACES[namespace].events
    return [
        message
        for message in MESSAGES
        if message.direction is direction
        and (
            message.struct in accepted
            if direction is Direction.CLIENT
            else message.name in events or not (message.is_replayed or message.is_ephemeral)
        )
    ]


def _describe_channel(namespace: Namespace) -> dict[str, Any]:
    rule = NAMESPACES[namespace]
    messages = [
        message
        for direction in Direction
        for message in list_namespace_messages(namespace, direction)
    ]
    return {
        "address": f"{rule.path}/websocket",
        "description": f"Open to: {', '.join(sorted(rule.roles))}.",
        "messages": {
            message.key: {"$ref": f"#/components/messages/{message.key}"} for message in messages
        },
    }


def _list_operations() -> dict[str, Any]:
    """Make two operations per namespace, seen from this application: it receives and it sends."""
    operations: dict[str, Any] = {}
    for namespace in Namespace:
        channel = f"#/channels/{namespace.value}"
        for direction, action in ((Direction.CLIENT, "receive"), (Direction.SERVER, "send")):
            messages = list_namespace_messages(namespace, direction)
            operations[f"{action}_{namespace.value}"] = {
                "action": action,
                "channel": {"$ref": channel},
                "messages": [{"$ref": f"{channel}/messages/{each.key}"} for each in messages],
            }
    return operations


def _describe_message(message: MessageType) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": message.name,
        "payload": {"$ref": _REF.format(name=message.struct.__name__)},
        "x-direction": message.direction.value,
        "x-replayed": message.is_replayed,
    }
    summary = (message.struct.__doc__ or "").strip().partition("\n")[0]
    if summary:
        described["summary"] = summary
    return described
