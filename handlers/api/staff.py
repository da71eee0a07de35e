"""Who is connected, and taking access back: for managers and owners."""

from datetime import UTC, datetime

from config.namespaces import Namespace
from domain.roles import Role
from domain.views import View
from handlers.api.route import Answer, ApiRequest, Query, Route, encode_answer
from realtime.presence import ConnectionRecord
from services.people import list_staff
from services.revocation import (
    RevokedView,
    RevokeEverybody,
    RevokePerson,
    revoke_everybody,
    revoke_person,
)

_TAG = "Staff"


class ConnectionsQuery(Query, frozen=True):
    """All of the cafe's by default, else those that fit everything given. user: a principal."""

    role: Role | None = None
    user: str | None = None
    namespace: Namespace | None = None


class ConnectionView(View, frozen=True):
    """An open socket. person_id, name: None for a guest's phone."""

    connection_id: str
    user: str
    person_id: str | None
    name: str | None
    namespace: Namespace
    roles: list[Role]
    connected_at: datetime
    last_activity: datetime


class ConnectionsView(View, frozen=True):
    """Oldest first. is_complete: false while only those of the answering process are known."""

    connections: list[ConnectionView]
    is_complete: bool


async def _list_connections(request: ApiRequest) -> Answer:
    query: ConnectionsQuery = request.query
    presence, cafe_id = request.context.presence, request.identity.cafe_id
    records = await presence.get_active_connections(cafe_id, query.role)
    staff = await request.context.runner.read(list_staff, cafe_id, now=request.context.now())
    names = {f"person:{each.person_id}": each.name for each in staff}
    return encode_answer(
        ConnectionsView(
            connections=[
                _show(record, names)
                for record in records
                if query.user in (None, record.user_id)
                and query.namespace in (None, record.namespace)
            ],
            is_complete=presence.is_complete,
        )
    )


def _show(record: ConnectionRecord, names: dict[str, str]) -> ConnectionView:
    kind, _, key = record.user_id.partition(":")
    return ConnectionView(
        connection_id=record.connection_id,
        user=record.user_id,
        person_id=key if kind == "person" else None,
        name=names.get(record.user_id),
        namespace=record.namespace,
        roles=record.roles,
        connected_at=_read_time(record.connected_at),
        last_activity=_read_time(record.last_activity),
    )


def _read_time(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


async def _revoke_person(request: ApiRequest) -> Answer:
    command: RevokePerson = request.body
    outcome = await request.context.runner.write(
        revoke_person, command, identity=request.identity, command_type="revoke_person"
    )
    request.context.on_access_changed(request.identity.cafe_id)
    return Answer(body=outcome.body)


async def _revoke_everybody(request: ApiRequest) -> Answer:
    outcome = await request.context.runner.write(
        revoke_everybody,
        RevokeEverybody(),
        identity=request.identity,
        command_type="revoke_everybody",
    )
    request.context.on_access_changed(request.identity.cafe_id)
    return Answer(body=outcome.body)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/connections",
        operation="listConnections",
        summary="List the open sockets of the cafe, over all processes.",
        tag=_TAG,
        permission="list_connections",
        query=ConnectionsQuery,
        response=ConnectionsView,
        call=_list_connections,
    ),
    Route(
        method="POST",
        path="/people/{person_id}/revoke",
        operation="revokePerson",
        summary="End all sign-ins of a person in this cafe, and if wanted remove their roles.",
        tag=_TAG,
        permission="revoke_person",
        body=RevokePerson,
        response=RevokedView,
        errors=(404, 422),
        call=_revoke_person,
    ),
    Route(
        method="POST",
        path="/people/revoke",
        operation="revokeEverybody",
        summary="End all sign-ins in this cafe but one's own.",
        tag=_TAG,
        permission="revoke_everybody",
        response=RevokedView,
        call=_revoke_everybody,
    ),
)
