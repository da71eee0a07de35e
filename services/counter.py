"""What happens at the pass and the counter: hand lines over, have them made again."""

from domain.commands import (
    HandBackItems,
    ItemUnits,
    RemakeItems,
    ServeItems,
    ServeUnprepared,
)
from domain.errors import InvalidTransition
from domain.handing_over import check_serve_unprepared
from domain.item_moves import hand_back_items as hand_back_units
from domain.item_moves import move_items, serve_what_is_left, take_units
from domain.item_moves import remake_items as remake_units
from domain.order_changes import Cause, RoundAdded
from domain.order_views import build_order_view
from domain.rounds import fire_if_free
from domain.statuses import ItemMove, ItemStatus
from domain.views.orders import OrdersView, OrderView
from services.cafes import read_cafe
from services.consents import describe_consent, use_consent
from services.order_changes import (
    OpenedOrder,
    check_version,
    find_order_ids,
    name_actor,
    open_order,
    save_order,
)
from services.unit_of_work import UnitOfWork

_UNREADY = frozenset({ItemStatus.QUEUED, ItemStatus.STARTED})


def serve_items(unit: UnitOfWork, command: ServeItems) -> OrdersView:
    """Hand lines over that are ready."""
    orders = []
    for opened, wanted in _open_orders(unit, command.items):
        items = take_units(opened.order, wanted, new_id=unit.new_id)
        move_items(items, ItemMove.SERVE, now=unit.now)
        orders.append(save_order(unit, opened, Cause(updated_by=name_actor(unit))))
    return OrdersView(orders=orders)


def hand_back_items(unit: UnitOfWork, command: HandBackItems) -> OrdersView:
    """Take a hand-over back, on the order's own day."""
    today = read_cafe(unit.cafe_id).find_business_date(unit.now)
    orders = []
    for opened, wanted in _open_orders(unit, command.items):
        items = take_units(opened.order, wanted, new_id=unit.new_id)
        hand_back_units(opened.order, items, now=unit.now, today=today)
        orders.append(save_order(unit, opened, Cause(updated_by=name_actor(unit))))
    return OrdersView(orders=orders)


def serve_unprepared(unit: UnitOfWork, command: ServeUnprepared) -> OrderView:
    """Hand over all that the kitchen was given of an order, whether it said ready or not.

    Raises: AuthorizationDenied `manager_required`; InvalidTransition where nothing is left.
    """
    opened = open_order(unit, command.order_id)
    order = opened.order
    check_version(order.version, command.expected_version, what="order")
    shown = build_order_view(order)
    consent = use_consent(
        unit, command.consent_id, act="serve_unprepared", order_id=command.order_id
    )
    check_serve_unprepared(shown, unit.identity, consent=consent)
    unready = [item.item_id for item in order.list_live_items() if item.status in _UNREADY]
    if not serve_what_is_left(order, now=unit.now):
        raise InvalidTransition(current=order.status, attempted="serve_unprepared", allowed=[])
    unit.audit(
        "served_unprepared",
        order_id=order.order_id,
        item_ids=unready,
        reason=command.reason,
        **describe_consent(consent),
    )
    return save_order(unit, opened, Cause(updated_by=name_actor(unit), reason=command.reason))


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
