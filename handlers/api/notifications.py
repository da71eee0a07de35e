"""What staff must know: notices to write, notifications to see and to end, a table's call."""

from domain.views.notifications import NotificationsView
from handlers.api.operation import operation_route
from handlers.api.route import Answer, ApiRequest, Idempotency, Route, encode_answer
from services.notifications import list_notifications

_TAG = "Notifications"


async def _list(request: ApiRequest) -> Answer:
    return encode_answer(await request.context.runner.read(list_notifications, request.identity))


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/notifications",
        operation="listNotifications",
        summary="List what the caller must know now, what presses most first.",
        tag=_TAG,
        permission="list_notifications",
        response=NotificationsView,
        call=_list,
    ),
    operation_route(
        "send_notice",
        path="/notices",
        summary="Tell the holders of some roles something.",
        tag=_TAG,
        idempotency=Idempotency.REQUIRED,
        status=201,
    ),
    operation_route(
        "acknowledge_notification",
        path="/notifications/{notification_id}/acknowledge",
        summary="Say that one has seen it, or is on it.",
        tag=_TAG,
    ),
    operation_route(
        "resolve_notification",
        path="/notifications/{notification_id}/resolve",
        summary="Say that it is dealt with, or take a notice back.",
        tag=_TAG,
    ),
    operation_route(
        "rate_visit",
        path="/table-sessions/current/rating",
        summary="Say what a guest thought of it, once per phone.",
        tag=_TAG,
    ),
    operation_route(
        "call_staff",
        path="/table-sessions/current/call",
        summary="Ask for somebody to come to the guest's table.",
        tag=_TAG,
    ),
    operation_route(
        "cancel_call",
        path="/table-sessions/current/call/cancel",
        summary="Say that nobody is needed any more.",
        tag=_TAG,
    ),
)
