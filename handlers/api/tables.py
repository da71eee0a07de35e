"""Tables and seatings: a phone opens one by its table's code, staff look and close."""

from datetime import datetime
from functools import partial

import msgspec

from domain.commands import OpenTableSession
from domain.errors import AuthorizationDenied
from domain.views.base import View
from domain.views.guests import GuestSessionView
from domain.views.tables import TablesView
from handlers.api.operation import operation_route
from handlers.api.route import PUBLIC, Answer, ApiRequest, Route, encode_answer
from services.operations import OPERATIONS
from services.tables import list_tables, open_table_session, read_guest_session

_TAG = "Tables"
_OPEN = OPERATIONS["open_table_session"]


class OpenedSessionView(View, frozen=True):
    """A phone's way into a seating. token: for the Authorization header, as a bearer token."""

    token: str
    expires_at: datetime
    session: GuestSessionView


async def _open(request: ApiRequest) -> Answer:
    """A new lane each time: a program that wants its old one keeps its token."""
    outcome = await request.context.runner.write(
        partial(open_table_session, lane_limit=request.context.settings.lanes_per_seating),
        request.body,
        command_type=_OPEN.name,
    )
    session = msgspec.json.decode(outcome.body, type=GuestSessionView)
    grant = request.context.authentication.issue_guest_token(
        cafe_id=session.cafe_id,
        lane_id=session.lane_id,
        table_session_id=session.table_session_id,
    )
    return encode_answer(
        OpenedSessionView(token=grant.token, expires_at=grant.expires_at, session=session)
    )


async def _read_current(request: ApiRequest) -> Answer:
    identity = request.identity
    if identity.lane_id is None:
        raise AuthorizationDenied("Only a guest's phone has a seating.")
    return encode_answer(
        await request.context.runner.read(read_guest_session, identity.cafe_id, identity.lane_id)
    )


async def _list(request: ApiRequest) -> Answer:
    return encode_answer(await request.context.runner.read(list_tables, request.identity.cafe_id))


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/table-sessions",
        operation="openTableSession",
        summary="Open the seating of a table by its code, or join it, as a new lane.",
        tag=_TAG,
        permission=PUBLIC,
        body=OpenTableSession,
        response=OpenedSessionView,
        status=201,
        errors=(404, 409),
        call=_open,
    ),
    Route(
        method="GET",
        path="/table-sessions/current",
        operation="readTableSession",
        summary="Read the seating that a guest's token is for.",
        tag=_TAG,
        permission="read_order",
        response=GuestSessionView,
        errors=(404,),
        call=_read_current,
    ),
    operation_route(
        "close_table_session",
        path="/table-sessions/{table_session_id}/close",
        summary="End a seating; its guests' tokens end with it.",
        tag=_TAG,
    ),
    operation_route(
        "move_table",
        path="/table-sessions/{table_session_id}/move",
        summary="Let the guests of a seating sit at a free table, with their orders.",
        tag=_TAG,
    ),
    operation_route(
        "merge_tables",
        path="/table-sessions/{table_session_id}/merge",
        summary="Make one seating of two, with the orders of both.",
        tag=_TAG,
    ),
    Route(
        method="GET",
        path="/tables",
        operation="listTables",
        summary="List the tables with their seatings and orders.",
        tag=_TAG,
        permission="list_tables",
        response=TablesView,
        call=_list,
    ),
)
