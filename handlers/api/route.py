"""One row per address of the REST API: what routing, checking and the OpenAPI document are made of.

A row that does not name who may use it cannot be written: `permission` is a command of
domain/permissions.py, or `PUBLIC`, or `SIGNED_IN` (anybody whose identity is known).
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from domain.commands import Id
from domain.roles import Identity
from handlers.context import HandlerContext
from services.authentication import Client

API_PREFIX = "/api/v1"
PUBLIC = "public"

RoundNumber = Annotated[int, msgspec.Meta(ge=1, le=9999)]

# Everything that may stand in braces in a path.
PATH_PARAMETERS: dict[str, Any] = {
    "order_id": Id,
    "ticket_id": Id,
    "item_id": Id,
    "menu_item_id": Id,
    "modifier_id": Id,
    "person_id": Id,
    "sign_in_id": Id,
    "invitation_id": Id,
    "device_id": Id,
    "station_id": Id,
    "table_session_id": Id,
    "payment_id": Id,
    "notification_id": Id,
    "round_number": RoundNumber,
}


class Idempotency(StrEnum):
    """Whether a request carries an Idempotency-Key: the command id of the same socket command."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of query strings."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a route answers. body: JSON, or b"" with status 204. status: None is the route's own."""

    body: bytes
    status: int | None = None
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request that has passed all checks of its route.

    path: converted parameters. query, body: decoded structs. command_id: the Idempotency-Key,
    if there was one. token: the caller's own, where one spoke for them. find_guest: the guest whose
    cookie came along, beside whoever is the caller.
    """

    context: HandlerContext
    caller: Identity | None
    path: dict[str, Any]
    query: Any
    body: Any
    command_id: str | None
    client: Client
    token: str | None
    find_guest: Callable[[], Awaitable[Identity | None]]

    @property
    def client_address(self) -> str:
        """Where the request comes from."""
        return self.client.address

    @property
    def identity(self) -> Identity:
        """Who is asking; only routes that are not public may ask for it."""
        assert self.caller is not None, "a public route asked for an identity"
        return self.caller


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """path: below /api/v1, parameters in braces. body: its struct, path parameters included.

    errors: statuses beyond those that every route has. rereads_rights: what the route calls asks
    the database who is asking, in the transaction that it works in.
    """

    method: str
    path: str
    operation: str
    summary: str
    tag: str
    permission: str
    call: Callable[[ApiRequest], Awaitable[Answer]]
    response: Any = None
    status: int = 200
    query: type[Query] | None = None
    body: type[msgspec.Struct] | None = None
    idempotency: Idempotency = Idempotency.NONE
    errors: tuple[int, ...] = ()
    rereads_rights: bool = False

    @property
    def path_names(self) -> list[str]:
        """Names of the path's parameters, in order."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def pattern(self) -> str:
        """Regular expression of the whole address, one named group per parameter."""
        return API_PREFIX + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path)

    @property
    def body_path_names(self) -> dict[str, str]:
        """The path's parameters that are fields of the body: name -> its name in JSON."""
        assert self.body is not None
        names = zip(self.body.__struct_fields__, self.body.__struct_encode_fields__, strict=True)
        return {name: encoded for name, encoded in names if name in self.path_names}

    @property
    def needs_body(self) -> bool:
        """Whether the body has fields that must be given."""
        if self.body is None:
            return False
        fields = msgspec.structs.fields(self.body)
        return any(each.required and each.name not in self.path_names for each in fields)


def encode_answer(view: Any, *, status: int | None = None) -> Answer:
    """Answer a view."""
    return Answer(body=msgspec.json.encode(view), status=status)
