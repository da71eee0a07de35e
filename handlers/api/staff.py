"""Who works here and is connected: inviting, roles, sign-ins, and taking access back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from config.namespaces import Namespace
from domain.roles import Role
from domain.views.base import View
from handlers.api.route import Answer, ApiRequest, Query, Route, encode_answer
from realtime.presence import ConnectionRecord
from services.invitations import (
    InvitationView,
    InvitePerson,
    KeptInvitation,
    WithdrawInvitation,
    invite_person,
    list_invitations,
    withdraw_invitation,
)
from services.memberships import ChangeRoles, MemberRolesView, change_roles
from services.opaque_secrets import hash_secret, make_secret
from services.people import list_staff
from services.revocation import (
    RevokedView,
    RevokeEverybody,
    RevokePerson,
    revoke_everybody,
    revoke_person,
)
from services.sign_ins import (
    EndedSignInsView,
    EndOtherSignIns,
    EndSignIn,
    SignInsView,
    end_one_sign_in,
    end_other_sign_ins,
    list_sign_ins,
)
from services.unit_of_work import UnitOfWork

_TAG = "Staff"
_Command = TypeVar("_Command")


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


class InvitedView(View, frozen=True):
    """link: opens the page on which a password is chosen; hand it over, it is not shown again."""

    link: str
    invitation: InvitationView


class InvitationsView(View, frozen=True):
    """The newest first."""

    invitations: list[InvitationView]


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


async def _list_own_sign_ins(request: ApiRequest) -> Answer:
    return await _show_sign_ins(request, request.identity.person_id)


async def _list_sign_ins_of(request: ApiRequest) -> Answer:
    return await _show_sign_ins(request, request.path["person_id"])


async def _show_sign_ins(request: ApiRequest, person_id: str | None) -> Answer:
    identity = request.identity
    found = await request.context.runner.read(
        list_sign_ins,
        identity.cafe_id,
        person_id,
        own_id=identity.sign_in_id,
        now=request.context.now(),
    )
    return encode_answer(SignInsView(sign_ins=found))


async def _invite_person(request: ApiRequest) -> Answer:
    """The link is in this answer and nowhere else."""
    code = make_secret()
    outcome = await request.context.runner.write(
        invite_person,
        KeptInvitation(wish=request.body, code_hash=hash_secret(code)),
        identity=request.identity,
        command_type="invite_person",
    )
    return encode_answer(
        InvitedView(
            link=f"{request.context.settings.public_url}/join/{code}",
            invitation=msgspec.json.decode(outcome.body, type=InvitationView),
        )
    )


async def _list_invitations(request: ApiRequest) -> Answer:
    found = await request.context.runner.read(
        list_invitations, request.identity.cafe_id, now=request.context.now()
    )
    return encode_answer(InvitationsView(invitations=found))


async def _withdraw_invitation(request: ApiRequest) -> Answer:
    await request.context.runner.write(
        withdraw_invitation,
        WithdrawInvitation(invitation_id=request.path["invitation_id"]),
        identity=request.identity,
        command_type="withdraw_invitation",
    )
    return Answer(body=b"")


async def _end_sign_in(request: ApiRequest) -> Answer:
    return await _change_access(
        request, end_one_sign_in, EndSignIn(sign_in_id=request.path["sign_in_id"])
    )


async def _end_other_sign_ins(request: ApiRequest) -> Answer:
    return await _change_access(request, end_other_sign_ins, EndOtherSignIns())


async def _change_roles(request: ApiRequest) -> Answer:
    return await _change_access(request, change_roles, request.body)


async def _change_access(
    request: ApiRequest, operation: Callable[[UnitOfWork, _Command], View], command: _Command
) -> Answer:
    """Change who may do what, and have every process look at open sockets."""
    outcome = await request.context.runner.write(
        operation, command, identity=request.identity, command_type=operation.__name__
    )
    request.context.on_access_changed(request.identity.cafe_id)
    return Answer(body=outcome.body)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/sign-ins",
        operation="listSignIns",
        summary="List where one is signed in here.",
        tag=_TAG,
        permission="list_sign_ins",
        response=SignInsView,
        call=_list_own_sign_ins,
    ),
    Route(
        method="GET",
        path="/people/{person_id}/sign-ins",
        operation="listSignInsOf",
        summary="List where a person of the cafe is signed in here.",
        tag=_TAG,
        permission="revoke_person",
        response=SignInsView,
        call=_list_sign_ins_of,
    ),
    Route(
        method="POST",
        path="/sign-ins/{sign_in_id}/end",
        operation="endSignIn",
        summary="End a sign-in with its tokens and sockets: one's own, or as management anybody's.",
        tag=_TAG,
        permission="end_sign_in",
        response=EndedSignInsView,
        errors=(404,),
        call=_end_sign_in,
    ),
    Route(
        method="POST",
        path="/sign-ins/end-others",
        operation="endOtherSignIns",
        summary="End all of one's own sign-ins here but the one that asks.",
        tag=_TAG,
        permission="end_sign_in",
        response=EndedSignInsView,
        call=_end_other_sign_ins,
    ),
    Route(
        method="POST",
        path="/people",
        operation="invitePerson",
        summary="Invite somebody by a link that is good once, for 72 hours.",
        tag=_TAG,
        permission="invite_person",
        body=InvitePerson,
        response=InvitedView,
        status=201,
        errors=(409, 422),
        call=_invite_person,
    ),
    Route(
        method="GET",
        path="/invitations",
        operation="listInvitations",
        summary="List the invitations that nobody has taken up yet.",
        tag=_TAG,
        permission="invite_person",
        response=InvitationsView,
        call=_list_invitations,
    ),
    Route(
        method="POST",
        path="/invitations/{invitation_id}/withdraw",
        operation="withdrawInvitation",
        summary="Let an invitation's link lead nowhere.",
        tag=_TAG,
        permission="invite_person",
        status=204,
        errors=(404,),
        call=_withdraw_invitation,
    ),
    Route(
        method="POST",
        path="/people/{person_id}/roles",
        operation="changeRoles",
        summary="Say which roles a person has here; open sockets follow within two seconds.",
        tag=_TAG,
        permission="change_roles",
        body=ChangeRoles,
        response=MemberRolesView,
        errors=(404, 409, 422),
        call=_change_roles,
    ),
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
        errors=(404, 409, 422),
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
