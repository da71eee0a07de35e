"""The menu, what lines would cost, and what is sold out."""

from domain.views.availability import MenuAvailabilityView
from domain.views.menu import MenuView
from handlers.api.operation import operation_route
from handlers.api.route import Answer, ApiRequest, Route, encode_answer
from services.menu import read_availability, read_menu

_TAG = "Menu"


async def _read(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            read_menu, request.identity.cafe_id, now=request.context.now()
        )
    )


async def _read_availability(request: ApiRequest) -> Answer:
    return encode_answer(
        await request.context.runner.read(
            read_availability, request.identity.cafe_id, now=request.context.now()
        )
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/menu",
        operation="readMenu",
        summary="Read the menu with prices, choices, allergens and what is sold out.",
        tag=_TAG,
        permission="read_menu",
        response=MenuView,
        call=_read,
    ),
    Route(
        method="GET",
        path="/menu/availability",
        operation="readAvailability",
        summary="Read what can be had and what is paused; without prices, for the kitchen too.",
        tag=_TAG,
        permission="read_availability",
        response=MenuAvailabilityView,
        call=_read_availability,
    ),
    operation_route(
        "set_availability",
        path="/menu/availability",
        summary="Mark an item or an option sold out, or sellable again.",
        tag=_TAG,
    ),
    operation_route(
        "pause_ordering",
        path="/menu/pause",
        summary="Let guests order nothing of a station, or of all, for a while.",
        tag=_TAG,
    ),
    operation_route(
        "resume_ordering",
        path="/menu/resume",
        summary="Let guests order what was paused again.",
        tag=_TAG,
    ),
    operation_route(
        "set_busy_limit",
        path="/stations/{station_id}/busy-limit",
        summary="Say at how much work in front guests' orders of a station are paused by itself.",
        tag=_TAG,
    ),
    operation_route(
        "edit_menu_item",
        path="/menu/items/{menu_item_id}",
        summary="Change a dish: price, names, station, allergens, diets, or whether it is listed.",
        tag=_TAG,
    ),
    operation_route(
        "edit_modifier",
        path="/menu/modifiers/{modifier_id}",
        summary="Change what an option adds to a price.",
        tag=_TAG,
    ),
    operation_route(
        "set_opening_times",
        path="/cafe/opening-times",
        summary="Say when the cafe opens, so that dishes which nobody would see are told of then.",
        tag=_TAG,
    ),
    operation_route(
        "set_grace",
        path="/cafe/grace",
        summary="Say how long guests may take a round back, and whether the kitchen waits for it.",
        tag=_TAG,
    ),
    operation_route(
        "quote",
        path="/quotes",
        summary="Ask what lines would cost now; changes nothing.",
        tag=_TAG,
    ),
)
