"""What guests thought of it: who may say so, once, and what it comes to."""

import msgspec
import pytest

from domain.commands import FinishItems, PlaceOrder, RateVisit, ServeItems
from domain.errors import AuthorizationDenied, Conflict
from domain.roles import Role
from domain.views.guests import RatingView
from services.analytics import read_analytics
from services.ratings import find_rating
from tests.support.cafes import units


async def _rate(cafe, who, stars, word=""):
    outcome = await cafe.do(who, "rate_visit", RateVisit(stars=stars, word=word))
    return msgspec.json.decode(outcome.body, type=RatingView)


async def _serve(cafe, guest):
    """Have a guest order one thing and get it."""
    order = await cafe.order(guest, "place_order", PlaceOrder(lines=[cafe.line("Water")]))
    item = order.rounds[-1].items[0]
    await cafe.do(Role.KITCHEN, "finish_items", FinishItems(items=units(item)))
    await cafe.do(Role.EXPO, "serve_items", ServeItems(items=units(item)))


async def test_a_guest_says_it_once_when_something_was_served(cafe):
    """Not before there was food, not twice, and not for what somebody else ate."""
    guest, beside = await cafe.sit_down(1), await cafe.sit_down(1)
    with pytest.raises(Conflict) as early:
        await _rate(cafe, guest, 5)
    await _serve(cafe, guest)
    rating = await _rate(cafe, guest, 4, "Good.")
    with pytest.raises(Conflict) as again:
        await _rate(cafe, guest, 1)
    with pytest.raises(Conflict) as hungry:
        await _rate(cafe, beside, 1)
    with pytest.raises(AuthorizationDenied):
        await _rate(cafe, Role.MANAGER, 5)

    assert [each.value.code for each in (early, again, hungry)] == [
        "nothing_served",
        "already_rated",
        "nothing_served",
    ]
    assert (rating.stars, rating.word, rating.rated_at) == (4, "Good.", cafe.now)
    assert await cafe.runner.read(find_rating, cafe.cafe_id, guest.lane_id) == rating
    assert await cafe.runner.read(find_rating, cafe.cafe_id, beside.lane_id) is None


async def test_five_ratings_make_a_figure_for_seven_days(cafe):
    """Fewer are not enough to speak of; four and five stars are good ones."""

    async def measure():
        figures = (await cafe.runner.read(read_analytics, cafe.cafe_id, now=cafe.now)).figures
        return figures.customer_satisfaction, figures.customer_satisfaction_n

    for stars in (5, 4, 3, 5):
        guest = await cafe.sit_down(1)
        await _serve(cafe, guest)
        await _rate(cafe, guest, stars)
    assert await measure() == (None, 4)
    guest = await cafe.sit_down(1)
    await _serve(cafe, guest)
    await _rate(cafe, guest, 1)

    assert await measure() == (60.0, 5)
    cafe.pass_time(days=7)
    assert await measure() == (None, 0)
