"""Tickets of the stations, and lines on their way from the queue to the guest."""

from typing import Annotated, Any

import msgspec

from domain.commands import (
    Command,
    FinishItems,
    FireItems,
    FiresIn,
    HandBackItems,
    HoldItems,
    Id,
    ItemUnits,
    Quantity,
    Reason,
    RecallItems,
    RemakeItems,
    ServeItems,
    StartItems,
    Version,
)
from domain.views.kitchen import KitchenBoardView, TicketsView
from handlers.api.operation import operation_route
from handlers.api.route import Answer, ApiRequest, Query, Route, encode_answer
from services.boards import read_kitchen_board, search_finished_tickets

_TAG = "Kitchen"


class RemakeItem(Command, frozen=True):
    """Units of one served line to be made again, and why."""

    item_id: Id
    reason: Reason
    quantity: Quantity | None = None
    expected_version: Version | None = None


class HoldItem(Command, frozen=True):
    """Units of one line that are to come later, and when; until somebody fires them without."""

    item_id: Id
    fires_in_s: FiresIn | None = None
    quantity: Quantity | None = None
    expected_version: Version | None = None


class TicketsQuery(Query, frozen=True):
    """station_id: one station's tickets; all stations' without it."""

    station_id: Id | None = None


class FinishedTicketsQuery(TicketsQuery, frozen=True):
    """find: a number, a table, a dish or several of them; the newest tickets without it."""

    find: Annotated[str, msgspec.Meta(max_length=60)] = ""


async def _search_finished(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            search_finished_tickets,
            request.identity.cafe_id,
            request.query.station_id,
            request.query.find,
            now=request.context.now(),
        )
    )


async def _list_tickets(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            read_kitchen_board,
            request.identity.cafe_id,
            request.query.station_id,
            now=request.context.now(),
        )
    )


def _build_remake(body: RemakeItem) -> RemakeItems:
    units = ItemUnits(
        item_id=body.item_id, quantity=body.quantity, expected_version=body.expected_version
    )
    return RemakeItems(items=[units], reason=body.reason)


def _build_hold(body: HoldItem) -> HoldItems:
    units = ItemUnits(
        item_id=body.item_id, quantity=body.quantity, expected_version=body.expected_version
    )
    return HoldItems(items=[units], fires_in_s=body.fires_in_s)


def _item_route(verb: str, name: str, command: Any, summary: str) -> Route:
    return operation_route(
        name,
        path=f"/items/{{item_id}}/{verb}",
        summary=summary,
        tag=_TAG,
        body=ItemUnits,
        build_command=lambda units: command(items=[units]),
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/tickets",
        operation="listTickets",
        summary="List open tickets oldest first and finished ones newest first.",
        tag=_TAG,
        permission="list_tickets",
        query=TicketsQuery,
        response=KitchenBoardView,
        errors=(404,),
        call=_list_tickets,
    ),
    Route(
        method="GET",
        path="/tickets/finished",
        operation="searchFinishedTickets",
        summary="Find finished tickets of the business day by number, table or dish.",
        tag=_TAG,
        permission="list_tickets",
        query=FinishedTicketsQuery,
        response=TicketsView,
        errors=(404,),
        call=_search_finished,
    ),
    operation_route(
        "start_ticket",
        path="/tickets/{ticket_id}/start",
        summary="Begin with all that waits on a ticket.",
        tag=_TAG,
    ),
    operation_route(
        "bump_ticket",
        path="/tickets/{ticket_id}/ready",
        summary="Have all live lines of a ticket ready.",
        tag=_TAG,
    ),
    operation_route(
        "recall_ticket",
        path="/tickets/{ticket_id}/recall",
        summary="Take back what was ready or served of a ticket.",
        tag=_TAG,
    ),
    operation_route(
        "rush_ticket",
        path="/tickets/{ticket_id}/rush",
        summary="Have a ticket's round made before others, at all of its stations.",
        tag=_TAG,
    ),
    operation_route(
        "call_server",
        path="/tickets/{ticket_id}/call-server",
        summary="Ask for somebody to come to the pass, about a ticket.",
        tag=_TAG,
    ),
    operation_route(
        "withdraw_rush",
        path="/tickets/{ticket_id}/withdraw-rush",
        summary="Let a rushed ticket's round wait its turn again.",
        tag=_TAG,
    ),
    operation_route(
        "acknowledge_allergy",
        path="/tickets/{ticket_id}/acknowledge-allergy",
        summary="Say that a cook has read a ticket's allergy.",
        tag=_TAG,
    ),
    operation_route(
        "hold_items",
        path="/items/{item_id}/hold",
        summary="Keep units of a line from the kitchen, until a time or until they are fired.",
        tag=_TAG,
        body=HoldItem,
        build_command=_build_hold,
    ),
    _item_route("fire", "fire_items", FireItems, "Have held units of a line made from now on."),
    _item_route("start", "start_items", StartItems, "Begin units of a line."),
    _item_route("ready", "finish_items", FinishItems, "Have units of a line ready."),
    _item_route("recall", "recall_items", RecallItems, "Take units of a line back."),
    _item_route("served", "serve_items", ServeItems, "Hand units of a line to the guest."),
    _item_route("hand-back", "hand_back_items", HandBackItems, "Take the hand-over of units back."),
    operation_route(
        "remake_items",
        path="/items/{item_id}/remake",
        summary="Have served units made again, at no price.",
        tag=_TAG,
        body=RemakeItem,
        build_command=_build_remake,
    ),
    operation_route(
        "move_station",
        path="/stations/{station_id}/move",
        summary="Show a station's tickets at another station.",
        tag=_TAG,
    ),
    operation_route(
        "return_station",
        path="/stations/{station_id}/return",
        summary="Show a station's tickets at its own screens alone again.",
        tag=_TAG,
    ),
    operation_route(
        "set_failover",
        path="/stations/{station_id}/failover",
        summary="Say where a station's tickets go by themselves once its screens show nothing.",
        tag=_TAG,
    ),
    operation_route(
        "acknowledge_void",
        path="/items/{item_id}/acknowledge-void",
        summary="Say that a cook has seen that a line was voided.",
        tag=_TAG,
    ),
)
