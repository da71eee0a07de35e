"""Payments of an order: take, confirm, decline, cancel, give back, list."""

from domain.views.money import PaymentsView
from handlers.api.operation import operation_route
from handlers.api.route import Answer, ApiRequest, Idempotency, Route, encode_answer
from services.payments import list_payments

_TAG = "Payments"


async def _list(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(list_payments, request.identity, request.path["order_id"])
    )


ROUTES: tuple[Route, ...] = (
    operation_route(
        "initiate_payment",
        path="/orders/{order_id}/payments",
        summary="Pay an amount of an order, at most what is due.",
        tag=_TAG,
        idempotency=Idempotency.REQUIRED,
        status=201,
    ),
    Route(
        method="GET",
        path="/orders/{order_id}/payments",
        operation="listPayments",
        summary="List an order's payments and refunds, and what is due.",
        tag=_TAG,
        permission="list_payments",
        response=PaymentsView,
        call=_list,
    ),
    operation_route(
        "confirm_terminal_payment",
        path="/payments/{payment_id}/confirm",
        summary="Book that the card terminal took the amount.",
        tag=_TAG,
    ),
    operation_route(
        "decline_terminal_payment",
        path="/payments/{payment_id}/decline",
        summary="Book that the card terminal refused the card.",
        tag=_TAG,
    ),
    operation_route(
        "cancel_payment",
        path="/payments/{payment_id}/cancel",
        summary="Give up a payment that nobody has begun to charge.",
        tag=_TAG,
    ),
    operation_route(
        "refund_payment",
        path="/payments/{payment_id}/refunds",
        summary="Give a part of a payment back, for a reason.",
        tag=_TAG,
        idempotency=Idempotency.REQUIRED,
        status=201,
    ),
)
