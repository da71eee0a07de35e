"""Every command by its name: the one table from which REST and sockets run operations.

    operation = OPERATIONS["place_order"]
    await runner.write(operation.perform, command, command_type=operation.name, ...)

`perform` asks for the right of that name first, so no operation is reachable without one. Where a
command is accepted is config/namespaces.py's question, who may send it domain/permissions.py's.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from domain import commands
from domain.commands import Command
from domain.permissions import require
from domain.views import View
from services import approvals, counter, kitchen, menu, order_edits, ordering, tables
from services.unit_of_work import UnitOfWork


class Operation(NamedTuple):
    """A command's name, its type, and what does it.

    is_query: changes nothing, so it runs by `runner.read` with a unit made for it. is_public: open
    to somebody who is nobody yet.
    """

    name: str
    command_type: type[Command]
    function: Callable[[UnitOfWork, Any], View]
    is_query: bool = False
    is_public: bool = False

    def perform(self, unit: UnitOfWork, command: Command) -> View:
        """Do it, if the identity of the unit may. Raises: TableTapError."""
        if not self.is_public:
            require(unit.identity, self.name)
        return self.function(unit, command)


_ALL = (
    Operation("quote", commands.Quote, ordering.quote, is_query=True),
    Operation("place_order", commands.PlaceOrder, ordering.place_order),
    Operation("add_round", commands.AddRound, ordering.add_round),
    Operation("void_items", commands.VoidItems, order_edits.void_items),
    Operation("cancel_order", commands.CancelOrder, order_edits.cancel_order),
    Operation("order_status_update", commands.OrderStatusUpdate, order_edits.order_status_update),
    Operation("approve_round", commands.ApproveRound, approvals.approve_round),
    Operation("reject_round", commands.RejectRound, approvals.reject_round),
    Operation("start_items", commands.StartItems, kitchen.start_items),
    Operation("finish_items", commands.FinishItems, kitchen.finish_items),
    Operation("recall_items", commands.RecallItems, kitchen.recall_items),
    Operation("start_ticket", commands.StartTicket, kitchen.start_ticket),
    Operation("bump_ticket", commands.BumpTicket, kitchen.bump_ticket),
    Operation("recall_ticket", commands.RecallTicket, kitchen.recall_ticket),
    Operation("acknowledge_void", commands.AcknowledgeVoid, kitchen.acknowledge_void),
    Operation("serve_items", commands.ServeItems, counter.serve_items),
    Operation("remake_items", commands.RemakeItems, counter.remake_items),
    Operation("set_availability", commands.SetAvailability, menu.set_availability),
    Operation("close_table_session", commands.CloseTableSession, tables.close_table_session),
    Operation(
        "open_table_session",
        commands.OpenTableSession,
        tables.open_table_session,
        is_public=True,
    ),
)

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _ALL}
