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
from domain.views import View
from services import approvals, counter, kitchen, menu, order_edits, ordering, tables
from services.unit_of_work import UnitOfWork

_Function = Callable[[UnitOfWork, Any], View]


class Operation(NamedTuple):
    """A command's name, its type, and what does it."""

    name: str
    command_type: type[Command]
    function: _Function


def _guard(name: str, function: _Function) -> _Function:
    """Make a function that refuses whoever has no right of this name."""

    @wraps(function)
    def guarded(unit: UnitOfWork, command: Any) -> View:
        require(unit.identity, name)
        return function(unit, command)

    return guarded


_GUARDED: dict[str, tuple[type[Command], _Function]] = {
    "quote": (commands.Quote, ordering.quote),
    "place_order": (commands.PlaceOrder, ordering.place_order),
    "add_round": (commands.AddRound, ordering.add_round),
    "void_items": (commands.VoidItems, order_edits.void_items),
    "cancel_order": (commands.CancelOrder, order_edits.cancel_order),
    "order_status_update": (commands.OrderStatusUpdate, order_edits.order_status_update),
    "approve_round": (commands.ApproveRound, approvals.approve_round),
    "reject_round": (commands.RejectRound, approvals.reject_round),
    "start_items": (commands.StartItems, kitchen.start_items),
    "finish_items": (commands.FinishItems, kitchen.finish_items),
    "recall_items": (commands.RecallItems, kitchen.recall_items),
    "start_ticket": (commands.StartTicket, kitchen.start_ticket),
    "bump_ticket": (commands.BumpTicket, kitchen.bump_ticket),
    "recall_ticket": (commands.RecallTicket, kitchen.recall_ticket),
    "acknowledge_void": (commands.AcknowledgeVoid, kitchen.acknowledge_void),
    "serve_items": (commands.ServeItems, counter.serve_items),
    "remake_items": (commands.RemakeItems, counter.remake_items),
    "set_availability": (commands.SetAvailability, menu.set_availability),
    "close_table_session": (commands.CloseTableSession, tables.close_table_session),
}

OPERATIONS: dict[str, Operation] = {
    name: Operation(name, command_type, _guard(name, function))
    for name, (command_type, function) in _GUARDED.items()
}
# Who scans a table's code is nobody yet: the code itself is the right.
OPERATIONS["open_table_session"] = Operation(
    "open_table_session", commands.OpenTableSession, tables.open_table_session
)
