"""Taking back and setting: void lines, cancel an order, set an order's status.

Rights that need the rows (own lane, grace time, what the kitchen has begun) are domain/voids.py:
what the kitchen has begun with goes by a manager, or with a manager's consent.
"""

from domain.commands import CancelOrder, OrderStatusUpdate, VoidItems
from domain.consents import Consent
from domain.errors import Conflict
from domain.item_moves import cancel_order as cancel_live_items
from domain.item_moves import check_cancellable, check_status_update, take_units, update_status
from domain.item_moves import void_items as void_units
from domain.order_changes import Cause, ItemsVoided
from domain.permissions import STATUS_UPDATE_COMMANDS, require
from domain.statuses import OrderStatus
from domain.views.orders import OrderStatusView, OrderView
from domain.voids import check_cancel, check_void
from services.consents import describe_consent, use_consent
from services.order_changes import (
    OpenedOrder,
    check_version,
    name_actor,
    open_order,
    save_order,
)
from services.unit_of_work import UnitOfWork


def void_items(unit: UnitOfWork, command: VoidItems) -> OrderView:
    """Take units off the bill and out of the kitchen."""
    opened = open_order(unit, command.order_id)
    items = take_units(opened.order, command.items, new_id=unit.new_id)
    consent = use_consent(unit, command.consent_id, act="void_items", order_id=command.order_id)
    check_void(
        opened.order,
        items,
        identity=unit.identity,
        reason=command.reason,
        now=unit.now,
        consent=consent,
    )
    void_units(opened.order, items, reason=command.reason, now=unit.now)
    item_ids = tuple(item.item_id for item in items)
    unit.audit(
        "items_voided",
        order_id=command.order_id,
        item_ids=list(item_ids),
        was_begun=any(item.started_at or item.ready_at for item in items),
        reason=command.reason,
        **describe_consent(consent),
    )
    return save_order(
        unit,
        opened,
        Cause(
            updated_by=name_actor(unit),
            reason=command.reason,
            facts=(ItemsVoided(item_ids=item_ids),),
            ticket_change="void",
        ),
    )


def cancel_order(unit: UnitOfWork, command: CancelOrder) -> OrderView:
    """Void what is left of an order; refused when something of it was served."""
    opened = open_order(unit, command.order_id)
    check_version(opened.order.version, command.expected_version, what="order")
    consent = use_consent(unit, command.consent_id, act="cancel_order", order_id=command.order_id)
    return _cancel(unit, opened, command.reason, consent)


def order_status_update(unit: UnitOfWork, command: OrderStatusUpdate) -> OrderStatusView:
    """Do what the source's own command asks for: move all live lines, or cancel (spec C7).

    Cooks may send it, so its answer has no prices (decision 0037).
    """
    right = STATUS_UPDATE_COMMANDS.get(command.new_status)
    if right is not None:
        require(unit.identity, right)
    opened = open_order(unit, command.order_id)
    order = opened.order
    _check_expectations(opened, command)
    check_status_update(order, command.new_status)
    reason = command.status_change_reason or ""
    if command.new_status is OrderStatus.CANCELLED:
        return _show_status(_cancel(unit, opened, reason))
    update_status(order, command.new_status, now=unit.now)
    cause = Cause(updated_by=name_actor(unit), reason=reason)
    return _show_status(save_order(unit, opened, cause))


def _show_status(order: OrderView) -> OrderStatusView:
    return OrderStatusView(
        order_id=order.order_id,
        order_number=order.order_number,
        status=order.status,
        version=order.version,
        progress_percentage=order.progress_percentage,
    )


def _check_expectations(opened: OpenedOrder, command: OrderStatusUpdate) -> None:
    order = opened.order
    if command.order_number not in (None, order.number):
        raise Conflict(
            "This order has another number. Look at it again.",
            details={"current": order.number},
        )
    if command.previous_status not in (None, order.status):
        raise Conflict(
            "Somebody changed this order a moment ago. Look at it again.",
            details={"current": order.status.value},
        )


def _cancel(
    unit: UnitOfWork, opened: OpenedOrder, reason: str, consent: Consent | None = None
) -> OrderView:
    check_cancellable(opened.order)
    check_cancel(opened.order, identity=unit.identity, consent=consent)
    items = cancel_live_items(opened.order, reason=reason, now=unit.now)
    item_ids = tuple(item.item_id for item in items)
    unit.audit(
        "order_cancelled",
        order_id=opened.order.order_id,
        item_ids=list(item_ids),
        was_begun=any(item.started_at or item.ready_at for item in items),
        reason=reason,
        **describe_consent(consent),
    )
    return save_order(
        unit,
        opened,
        Cause(
            updated_by=name_actor(unit),
            reason=reason,
            facts=(ItemsVoided(item_ids=item_ids),),
            ticket_change="void",
        ),
    )
