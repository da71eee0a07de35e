"""Orders: place, read, add a round, approve, void, cancel."""

from datetime import date

from domain.statuses import OrderStatus
from domain.views.orders import OrderNamesView, OrdersView, OrderView
from handlers.api.operation import operation_route
from handlers.api.route import (
    Answer,
    ApiRequest,
    Idempotency,
    Query,
    Route,
    encode_answer,
)
from services.boards import list_orders, read_order
from services.contacts import list_names

_TAG = "Orders"


class OrdersQuery(Query, frozen=True):
    """For staff: all orders of a status or a business day instead of the open ones.

    is_unsettled: those that are over, but not their money; the others say nothing then.
    """

    status: OrderStatus | None = None
    business_date: date | None = None
    is_unsettled: bool = False


async def _list(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            list_orders,
            request.identity,
            status=request.query.status,
            business_date=request.query.business_date,
            is_unsettled=request.query.is_unsettled,
        )
    )


async def _read(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(read_order, request.identity, request.path["order_id"])
    )


async def _list_names(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            list_names, request.identity.cafe_id, now=request.context.now()
        )
    )


ROUTES: tuple[Route, ...] = (
    operation_route(
        "place_order",
        path="/orders",
        summary="Submit lines: a new order, or another round of the seating's order.",
        tag=_TAG,
        idempotency=Idempotency.REQUIRED,
        status=201,
    ),
    Route(
        method="GET",
        path="/orders",
        operation="listOrders",
        summary="List orders, oldest first: a guest's own seating's, for staff the open ones.",
        tag=_TAG,
        permission="list_orders",
        query=OrdersQuery,
        response=OrdersView,
        call=_list,
    ),
    Route(
        method="GET",
        path="/orders/names",
        operation="listOrderNames",
        summary="List what today's sales at the counter are called by: in no event and no view.",
        tag=_TAG,
        permission="list_order_names",
        response=OrderNamesView,
        call=_list_names,
    ),
    Route(
        method="GET",
        path="/orders/{order_id}",
        operation="readOrder",
        summary="Read one order.",
        tag=_TAG,
        permission="read_order",
        response=OrderView,
        call=_read,
    ),
    operation_route(
        "add_round",
        path="/orders/{order_id}/rounds",
        summary="Submit more lines to an order that stands.",
        tag=_TAG,
        idempotency=Idempotency.REQUIRED,
        status=201,
    ),
    operation_route(
        "name_order",
        path="/orders/{order_id}/name",
        summary="Change what a sale at the counter is called by, or take it back.",
        tag=_TAG,
    ),
    operation_route(
        "void_items",
        path="/orders/{order_id}/void",
        summary="Take units off the bill and out of the kitchen.",
        tag=_TAG,
    ),
    operation_route(
        "cancel_order",
        path="/orders/{order_id}/cancel",
        summary="Void all that is not served, for a reason.",
        tag=_TAG,
    ),
    operation_route(
        "serve_unprepared",
        path="/orders/{order_id}/serve-unprepared",
        summary="Hand an order over that is not all ready, for a reason.",
        tag=_TAG,
    ),
    operation_route(
        "order_status_update",
        path="/orders/{order_id}/status",
        summary="Move all lines of an order at once.",
        tag=_TAG,
    ),
    operation_route(
        "approve_round",
        path="/orders/{order_id}/rounds/{round_number}/approve",
        summary="Let a waiting round go to the kitchen.",
        tag=_TAG,
    ),
    operation_route(
        "reject_round",
        path="/orders/{order_id}/rounds/{round_number}/reject",
        summary="Turn a waiting round down, for a reason.",
        tag=_TAG,
    ),
)
