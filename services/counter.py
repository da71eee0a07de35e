"""What happens at the pass and the counter: hand lines over, have them made again."""

from domain.commands import ItemUnits, RemakeItems, ServeItems
from domain.item_moves import move_items, take_units
from domain.item_moves import remake_items as remake_units
from domain.order_changes import Cause, RoundAdded
from domain.rounds import fire_if_free
from domain.statuses import ItemMove
from domain.views import OrdersView
from services.order_changes import (
    OpenedOrder,
    find_order_ids,
    name_actor,
    open_order,
    save_order,
)
from services.unit_of_work import UnitOfWork


def serve_items(unit: UnitOfWork, command: ServeItems) -> OrdersView:
    """Hand lines over that are ready."""
    orders = []
    for opened, wanted in _open_orders(unit, command.items):
        items = take_units(opened.order, wanted, new_id=unit.new_id)
        move_items(items, ItemMove.SERVE, now=unit.now)
        orders.append(save_order(unit, opened, Cause(updated_by=name_actor(unit))))
    return OrdersView(orders=orders)


def remake_items(unit: UnitOfWork, command: RemakeItems) -> OrdersView:
    """Have served units made again, at no price, as a round of their own that fires at once."""
    orders = []
    for opened, wanted in _open_orders(unit, command.items):
        rounds = remake_units(
            opened.order, wanted, reason=command.reason, now=unit.now, new_id=unit.new_id
        )
        for each in rounds:
            fire_if_free(opened.order, each, now=unit.now, new_id=unit.new_id)
        unit.audit(
            "items_remade",
            order_id=opened.order.order_id,
            item_ids=[units.item_id for units in wanted],
            reason=command.reason,
        )
        cause = Cause(
            updated_by=name_actor(unit),
            reason=command.reason,
            facts=tuple(RoundAdded(round_number=each.number) for each in rounds),
        )
        orders.append(save_order(unit, opened, cause))
    return OrdersView(orders=orders)


def _open_orders(
    unit: UnitOfWork, wanted: list[ItemUnits]
) -> list[tuple[OpenedOrder, list[ItemUnits]]]:
    """Lock the orders of lines, in the order of their ids, each with its own lines."""
    opened_orders = []
    for order_id in find_order_ids(unit, [units.item_id for units in wanted]):
        opened = open_order(unit, order_id)
        own = {item.item_id for item in opened.order.items}
        opened_orders.append((opened, [units for units in wanted if units.item_id in own]))
    return opened_orders
