"""What waits and what is ready, and the log behind everything that is shown live."""

from datetime import datetime
from typing import Annotated

import msgspec

from domain.events import AnyEvent, LoggedEvent, withhold
from domain.roles import Identity
from domain.views.base import Position, View
from domain.views.boards import ReadyBoardView
from handlers.api.route import Answer, ApiRequest, Query, Route, encode_answer
from services.boards import read_ready_board
from services.event_log import UnreadableEvent, list_rows, read_head

_TAG = "Boards"


class EventsQuery(Query, frozen=True):
    """after: the last seq that is known, 0 for none. limit: how many to get at most."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 300


class LoggedEventView(View, frozen=True):
    """One row of the log. event: with its `type`; null for a row that cannot be read here."""

    epoch: str
    seq: int
    event_id: str
    at: datetime
    user_id: str | None
    event: AnyEvent | None
    is_readable: bool = True


class EventsView(View, frozen=True):
    """Rows of the log without a gap. head: where the log ended at that moment."""

    events: list[LoggedEventView]
    head: Position


async def _read_board(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            read_ready_board, request.identity.cafe_id, now=request.context.now()
        )
    )


async def _read_events(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(_read_log, request.identity, request.query)
    )


def _read_log(identity: Identity, query: EventsQuery) -> EventsView:
    rows = list_rows(identity.cafe_id, after_seq=query.after, limit=query.limit)
    return EventsView(
        events=[_show(row, identity) for row in rows], head=read_head(identity.cafe_id)
    )


def _show(row: LoggedEvent | UnreadableEvent, identity: Identity) -> LoggedEventView:
    if isinstance(row, UnreadableEvent):
        # A newer version wrote it, or it is damaged: the place is kept, so that nobody sees a gap.
        return LoggedEventView(**row._asdict(), user_id=None, event=None, is_readable=False)
    return LoggedEventView(
        epoch=row.epoch,
        seq=row.seq,
        event_id=row.event_id,
        at=row.at,
        user_id=row.user_id,
        event=withhold(row.event, identity),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/board",
        operation="readBoard",
        summary="Read the numbers that are being prepared and that are ready.",
        tag=_TAG,
        permission="read_board",
        response=ReadyBoardView,
        call=_read_board,
    ),
    Route(
        method="GET",
        path="/events",
        operation="readEvents",
        summary="Read the cafe's log after a seq, gapless and in order.",
        tag=_TAG,
        permission="read_events",
        query=EventsQuery,
        response=EventsView,
        call=_read_events,
    ),
)
