"""Every command by its name: the one table from which REST and sockets run operations.

    operation = OPERATIONS["place_order"]
    await runner.write(operation.function, command, command_type=operation.name, ...)

A function from here asks for the right of its name first, inside the transaction and with the
rights of that moment, so no operation is reachable without one. Where a command is accepted is
config/namespaces.py's question, who may send it domain/permissions.py's.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from domain import commands
from domain.commands import Command
from domain.permissions import require
from domain.views.base import View
from services import (
    approvals,
    contacts,
    counter,
    courses,
    failover,
    house_rules,
    kitchen,
    kitchen_calls,
    menu,
    menu_edits,
    notifications,
    order_edits,
    ordering,
    pauses,
    payments,
    ratings,
    table_calls,
    table_moves,
    tables,
)
from services.unit_of_work import UnitOfWork

_Function = Callable[[UnitOfWork, Any], View]


class Operation(NamedTuple):
    """A command's name, its type, what does it, and the types of the events it may record."""

    name: str
    command_type: type[Command]
    function: _Function
    events: frozenset[str]

    @property
    def is_query(self) -> bool:
        """Whether it changes nothing: it runs in a snapshot and keeps no writer waiting."""
        return self.name in _QUERIES


_QUERIES = frozenset({"quote"})

# What follows when an order becomes ready, is fetched, or goes back to the kitchen.
_READY = frozenset({"order_ready", "order_number_ready"})
_GONE = frozenset({"order_number_cleared"})
# Of a dish that is counted down the last unit sells it out, and one that comes back sells it again;
# of the others open carts hear.
_COUNTED = frozenset({"menu_item_counted", "menu_availability_changed", "dish_stock_changed"})
_FIRED = _COUNTED | {"kitchen_order_received", "order_status_updated", "order_number_preparing"}
_STARTED = frozenset(
    {
        "kitchen_order_started",
        "kitchen_ticket_updated",
        "order_status_updated",
        "order_progress",
    }
)
# What staff was told is over with its cause: a late ticket is done, what failed is paid.
_SETTLED = frozenset({"staff_notification_updated"})
_BUMPED = (_STARTED - {"kitchen_order_started"}) | {"kitchen_order_completed"} | _READY | _SETTLED
_FINISHED = _BUMPED | _STARTED  # one line of several begins a ticket
_RECALLED = frozenset(
    {
        "kitchen_ticket_updated",
        "order_status_updated",
        "order_progress",
        "order_number_preparing",
    }
)
_RUSHED = frozenset({"kitchen_ticket_updated", "order_progress"})
# Without what is held the rest may be ready, or served; what is late is held and presses no more.
_HELD = (
    frozenset(
        {
            "order_round_updated",
            "kitchen_ticket_updated",
            "kitchen_order_completed",
            "order_status_updated",
        }
    )
    | _READY
    | _GONE
    | _SETTLED
)
_NAMED = _RUSHED | {"order_number_preparing", "order_number_ready"}
_SERVED = frozenset({"kitchen_ticket_updated", "order_status_updated", "order_progress"}) | _GONE
_HANDED_BACK = (_SERVED - _GONE) | _READY
_SERVED_EARLY = (_SERVED - {"order_progress"}) | {"kitchen_order_completed"} | _SETTLED
_CANCELLED = (
    frozenset({"order_item_voided", "kitchen_ticket_updated", "order_status_updated"})
    | _COUNTED
    | _GONE
    | _SETTLED
)
_MOVED = (
    frozenset(
        {"table_session_moved", "kitchen_ticket_updated", "order_progress", "table_call_updated"}
    )
    | _SETTLED
)
# A line or a round less may leave an order of which the rest is ready, or served.
_LESS = frozenset({"order_status_updated"}) | _READY | _GONE


def _guard(name: str, function: _Function) -> _Function:
    """Make a function that refuses whoever has no right of this name."""

    @wraps(function)
    def guarded(unit: UnitOfWork, command: Any) -> View:
        require(unit.identity, name)
        return function(unit, command)

    return guarded


_GUARDED: dict[str, tuple[type[Command], _Function, frozenset[str]]] = {
    "quote": (commands.Quote, ordering.quote, frozenset()),
    "place_order": (
        commands.PlaceOrder,
        ordering.place_order,
        # A ticket that is there shows what is held with its own lines.
        _FIRED
        | {
            "table_session_opened",
            "order_created",
            "order_round_added",
            "kitchen_ticket_updated",
        },
    ),
    "add_round": (
        commands.AddRound,
        ordering.add_round,
        _FIRED | {"order_round_added", "kitchen_ticket_updated"},
    ),
    "name_order": (commands.NameOrder, contacts.name_order, _NAMED),
    "void_items": (
        commands.VoidItems,
        order_edits.void_items,
        _CANCELLED | _LESS | {"kitchen_order_completed"},
    ),
    "cancel_order": (commands.CancelOrder, order_edits.cancel_order, _CANCELLED),
    "order_status_update": (
        commands.OrderStatusUpdate,
        order_edits.order_status_update,
        _FINISHED | _SERVED | _CANCELLED,
    ),
    "approve_round": (
        commands.ApproveRound,
        approvals.approve_round,
        # Its dishes were counted when it was placed. What is held stands beside it.
        (_FIRED - _COUNTED) | {"order_round_updated", "kitchen_ticket_updated"},
    ),
    "reject_round": (
        commands.RejectRound,
        approvals.reject_round,
        _COUNTED | _LESS | _SETTLED | {"order_round_updated"},
    ),
    "start_items": (commands.StartItems, kitchen.start_items, _STARTED),
    "finish_items": (commands.FinishItems, kitchen.finish_items, _FINISHED),
    "recall_items": (commands.RecallItems, kitchen.recall_items, _RECALLED),
    "start_ticket": (commands.StartTicket, kitchen.start_ticket, _STARTED),
    "bump_ticket": (commands.BumpTicket, kitchen.bump_ticket, _BUMPED),
    "recall_ticket": (commands.RecallTicket, kitchen.recall_ticket, _RECALLED),
    "acknowledge_void": (
        commands.AcknowledgeVoid,
        kitchen.acknowledge_void,
        frozenset({"kitchen_ticket_updated"}),
    ),
    "acknowledge_allergy": (
        commands.AcknowledgeAllergy,
        kitchen.acknowledge_allergy,
        frozenset({"kitchen_ticket_updated"}),
    ),
    "call_server": (
        commands.CallServer,
        kitchen_calls.call_server,
        frozenset({"staff_notification"}),
    ),
    "hold_items": (commands.HoldItems, courses.hold_items, _HELD),
    "fire_items": (
        commands.FireItems,
        courses.fire_items,
        (_FIRED - _COUNTED) | {"order_round_updated", "kitchen_ticket_updated"},
    ),
    "rush_ticket": (commands.RushTicket, kitchen.rush_ticket, _RUSHED),
    "withdraw_rush": (commands.WithdrawRush, kitchen.withdraw_rush, _RUSHED),
    "serve_items": (commands.ServeItems, counter.serve_items, _SERVED),
    "hand_back_items": (
        commands.HandBackItems,
        counter.hand_back_items,
        _HANDED_BACK,
    ),
    "serve_unprepared": (
        commands.ServeUnprepared,
        counter.serve_unprepared,
        _SERVED_EARLY,
    ),
    "remake_items": (
        commands.RemakeItems,
        counter.remake_items,
        _FIRED | {"order_round_added", "kitchen_ticket_updated"},
    ),
    "move_station": (commands.MoveStation, failover.move_station, frozenset({"station_moved"})),
    "return_station": (
        commands.ReturnStation,
        failover.return_station,
        frozenset({"station_returned"}),
    ),
    "set_failover": (commands.SetFailover, failover.set_failover, frozenset()),
    "set_availability": (
        commands.SetAvailability,
        menu.set_availability,
        _COUNTED - {"dish_stock_changed"},
    ),
    "pause_ordering": (
        commands.PauseOrdering,
        pauses.pause_ordering,
        frozenset({"menu_pause_changed"}),
    ),
    "resume_ordering": (
        commands.ResumeOrdering,
        pauses.resume_ordering,
        frozenset({"menu_pause_changed"}),
    ),
    "set_busy_limit": (commands.SetBusyLimit, pauses.set_busy_limit, frozenset()),
    "edit_menu_item": (
        commands.EditMenuItem,
        menu_edits.edit_menu_item,
        frozenset({"menu_item_changed"}),
    ),
    "edit_modifier": (
        commands.EditModifier,
        menu_edits.edit_modifier,
        frozenset({"menu_item_changed"}),
    ),
    "set_opening_times": (
        commands.SetOpeningTimes,
        house_rules.set_opening_times,
        frozenset(),
    ),
    "set_grace": (commands.SetGrace, house_rules.set_grace, frozenset()),
    "initiate_payment": (
        commands.InitiatePayment,
        payments.initiate_payment,
        frozenset({"payment_initiated", "payment_completed"}) | _SETTLED,
    ),
    "confirm_terminal_payment": (
        commands.ConfirmTerminalPayment,
        payments.confirm_terminal_payment,
        frozenset({"payment_completed"}) | _SETTLED,
    ),
    "decline_terminal_payment": (
        commands.DeclineTerminalPayment,
        payments.decline_terminal_payment,
        frozenset({"payment_failed"}),
    ),
    "cancel_payment": (
        commands.CancelPayment,
        payments.cancel_payment,
        frozenset({"payment_failed"}),
    ),
    "refund_payment": (
        commands.RefundPayment,
        payments.refund_payment,
        frozenset({"payment_refunded", "payment_updated"}),
    ),
    "close_table_session": (
        commands.CloseTableSession,
        tables.close_table_session,
        frozenset({"table_session_closed", "table_call_updated"}) | _SETTLED,
    ),
    "move_table": (commands.MoveTable, table_moves.move_table, _MOVED),
    "merge_tables": (commands.MergeTables, table_moves.merge_tables, _MOVED),
    "send_notice": (
        commands.SendNotice,
        notifications.send_notice,
        frozenset({"staff_notification"}),
    ),
    "acknowledge_notification": (
        commands.AcknowledgeNotification,
        notifications.acknowledge_notification,
        frozenset({"staff_notification_updated", "table_call_updated"}),
    ),
    "resolve_notification": (
        commands.ResolveNotification,
        notifications.resolve_notification,
        frozenset({"staff_notification_updated", "table_call_updated"}),
    ),
    "rate_visit": (commands.RateVisit, ratings.rate_visit, frozenset()),
    "call_staff": (
        commands.CallStaff,
        table_calls.call_staff,
        frozenset({"staff_notification", "table_called", "table_call_updated"}),
    ),
    "cancel_call": (
        commands.CancelCall,
        table_calls.cancel_call,
        frozenset({"staff_notification_updated", "table_call_updated"}),
    ),
}

OPERATIONS: dict[str, Operation] = {
    name: Operation(name, command_type, _guard(name, function), events)
    for name, (command_type, function, events) in _GUARDED.items()
}
# Who scans a table's code is nobody yet: the code itself is the right.
OPERATIONS["open_table_session"] = Operation(
    "open_table_session",
    commands.OpenTableSession,
    tables.open_table_session,
    frozenset({"table_session_opened"}),
)
