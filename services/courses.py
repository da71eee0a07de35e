"""What anybody of the house does with courses: hold lines, and fire them by hand.

What fires by its time is services/approvals.py's, with all other rounds that wait.
"""

from collections.abc import Callable

from domain import courses
from domain.commands import FireItems, HoldItems, ItemUnits
from domain.item_moves import take_units
from domain.order_changes import Cause, RoundUpdated
from domain.order_views import build_ticket_view
from domain.orders import Item, Order, Round
from domain.views.kitchen import TicketsView
from services.order_changes import find_order_ids, name_actor, open_order, save_order
from services.unit_of_work import UnitOfWork

_Move = Callable[[Order, list[Item]], list[Round]]


def hold_items(unit: UnitOfWork, command: HoldItems) -> TicketsView:
    """Keep lines from the kitchen; answer with the tickets that hold them."""

    def hold(order: Order, items: list[Item]) -> list[Round]:
        unit.audit("items_held", order_id=order.order_id, item_ids=_list_ids(items))
        return courses.hold_items(
            order, items, fires_in_s=command.fires_in_s, now=unit.now, new_id=unit.new_id
        )

    return _move(unit, command.items, hold)


def fire_items(unit: UnitOfWork, command: FireItems) -> TicketsView:
    """Have held lines made; answer with their tickets."""

    def fire(order: Order, items: list[Item]) -> list[Round]:
        unit.audit("items_fired", order_id=order.order_id, item_ids=_list_ids(items))
        return courses.fire_items(order, items, now=unit.now, new_id=unit.new_id)

    return _move(unit, command.items, fire)


def _move(unit: UnitOfWork, wanted: list[ItemUnits], move: _Move) -> TicketsView:
    views = []
    for order_id in find_order_ids(unit, [units.item_id for units in wanted]):
        opened = open_order(unit, order_id)
        own = {item.item_id for item in opened.order.items}
        items = take_units(
            opened.order, [units for units in wanted if units.item_id in own], new_id=unit.new_id
        )
        rounds = move(opened.order, items)
        numbers = [each.number for each in rounds]
        tickets = [each for each in opened.order.tickets if each.round_number in numbers]
        save_order(
            unit,
            opened,
            Cause(
                updated_by=name_actor(unit),
                facts=tuple(RoundUpdated(round_number=number) for number in numbers),
                ticket_change="held",
            ),
        )
        views += [build_ticket_view(opened.order, each, now=unit.now) for each in tickets]
    return TicketsView(tickets=views)


def _list_ids(items: list[Item]) -> list[str]:
    return [item.item_id for item in items]
