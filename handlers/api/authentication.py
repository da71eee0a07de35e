"""Signing in and out for programs, and the tickets that open sockets."""

from datetime import datetime
from typing import Annotated

import msgspec

from config.namespaces import Namespace
from domain.commands import Command
from domain.errors import AuthenticationFailed
from domain.roles import Identity, Role
from domain.views.base import View
from handlers.api.route import PUBLIC, Answer, ApiRequest, Route, encode_answer
from handlers.base import SIGNED_IN
from services.authentication import SignIn

_TAG = "Signing in"


class ConnectTicketRequest(Command, frozen=True):
    """roles: narrows what the socket may do; empty takes all that the namespace admits."""

    namespace: Namespace
    roles: Annotated[tuple[Role, ...], msgspec.Meta(max_length=10)] = ()


class RefreshRequest(Command, frozen=True):
    """refresh_token: the last one that came."""

    refresh_token: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class SignInView(View, frozen=True):
    """A person's token for programs. token: for the Authorization header, as a bearer token.

    refresh_token: gets the next token, once; it is good until signed_in_until.
    """

    token: str
    expires_at: datetime
    refresh_token: str
    signed_in_until: datetime
    cafe_id: str
    person_id: str
    roles: list[Role]


class ConnectTicketView(View, frozen=True):
    """token: opens one socket of its namespace, once, before it runs out."""

    token: str
    expires_at: datetime


async def _sign_in(request: ApiRequest) -> Answer:
    authentication = request.context.authentication
    signed_in = await authentication.sign_in(request.body, client=request.client, is_program=True)
    assert signed_in.refresh_token is not None, "it is a program"
    return _grant(
        request,
        signed_in.identity,
        refresh_token=signed_in.refresh_token,
        signed_in_until=signed_in.expires_at,
    )


async def _refresh(request: ApiRequest) -> Answer:
    wanted: RefreshRequest = request.body
    refreshed = await request.context.authentication.refresh(
        wanted.refresh_token, client=request.client
    )
    return _grant(
        request,
        refreshed.identity,
        refresh_token=refreshed.refresh_token,
        signed_in_until=refreshed.expires_at,
    )


def _grant(
    request: ApiRequest, identity: Identity, *, refresh_token: str, signed_in_until: datetime
) -> Answer:
    grant = request.context.authentication.issue_access_token(identity)
    assert identity.person_id is not None, "only people sign in"
    return encode_answer(
        SignInView(
            token=grant.token,
            expires_at=grant.expires_at,
            refresh_token=refresh_token,
            signed_in_until=signed_in_until,
            cafe_id=identity.cafe_id,
            person_id=identity.person_id,
            roles=sorted(identity.roles),
        )
    )


async def _sign_out(request: ApiRequest) -> Answer:
    """A person's sign-in ends with all its tokens; a guest has one token and takes it back."""
    authentication = request.context.authentication
    if request.identity.is_guest and request.token is not None:
        await authentication.revoke(request.token)
    else:
        await authentication.sign_out(request.identity)
    return Answer(body=b"")


async def _issue_connect_ticket(request: ApiRequest) -> Answer:
    """A phone's cookie comes first on the guests' namespace: staff may try a table's page too."""
    wanted: ConnectTicketRequest = request.body
    identity = request.identity
    if wanted.namespace is Namespace.CUSTOMERS and Role.BOARD not in wanted.roles:
        identity = await _find_live_guest(request) or identity
    grant = request.context.authentication.issue_connect_ticket(
        identity, wanted.namespace, wanted.roles
    )
    return encode_answer(ConnectTicketView(token=grant.token, expires_at=grant.expires_at))


async def _find_live_guest(request: ApiRequest) -> Identity | None:
    """Return the guest beside the caller; a cookie of a table that was closed is nobody's."""
    try:
        return await request.find_guest()
    except AuthenticationFailed:
        return None


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/sign-in",
        operation="signIn",
        summary="Sign a person in by e-mail address and password.",
        tag=_TAG,
        permission=PUBLIC,
        body=SignIn,
        response=SignInView,
        errors=(401, 422),
        call=_sign_in,
    ),
    Route(
        method="POST",
        path="/sign-in/refresh",
        operation="refreshSignIn",
        summary="Get the next token and the next refresh token; each refresh token is good once.",
        tag=_TAG,
        permission=PUBLIC,
        body=RefreshRequest,
        response=SignInView,
        errors=(401,),
        call=_refresh,
    ),
    Route(
        method="POST",
        path="/sign-out",
        operation="signOut",
        summary="End the sign-in with its cookie and all its tokens, or a guest's token.",
        tag=_TAG,
        permission=SIGNED_IN,
        status=204,
        call=_sign_out,
    ),
    Route(
        method="POST",
        path="/connect-tickets",
        operation="issueConnectTicket",
        summary="Get a ticket that opens one socket, once, within a minute.",
        tag=_TAG,
        permission=SIGNED_IN,
        body=ConnectTicketRequest,
        response=ConnectTicketView,
        status=201,
        call=_issue_connect_ticket,
    ),
)
