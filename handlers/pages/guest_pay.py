"""/orders/{order}/pay: a guest pays their own lines, or all that is due, and reads how it ended.

A plain form that leads on with a redirect; the page asks again until the answer is there, by the
socket or without it. What was begun is told apart by how many payments this guest had made before,
so that a form sent twice, from another tab or out of the browser's history pays once.
"""

from typing import Any
from uuid import UUID, uuid5

import msgspec

from config.namespaces import Namespace
from domain.commands import InitiatePayment
from domain.errors import Conflict, IdempotencyMismatch, InvalidMessage, TableTapError
from domain.identifiers import is_id
from domain.payments import PaymentMethod, SandboxCard
from domain.roles import Identity
from domain.rooms import Room, RoomKind
from domain.views.guests import GuestPayView
from handlers.page import GuestPage, build_live
from handlers.pages.guest import run_once
from services.cafes import read_cafe
from services.event_log import read_head
from services.operations import OPERATIONS
from services.payments import read_guest_pay
from services.tables import read_guest_session

_INITIATE = OPERATIONS["initiate_payment"]
_LONGEST_AMOUNT = 12


class GuestPayPage(GuestPage):
    """One order of the guest's seating and its money."""

    permission = "initiate_payment"
    home = "/orders"

    async def get(self, order_id: str) -> None:
        await self._show(order_id, fault="")

    async def post(self, order_id: str) -> None:
        command_id = self.read_field("command_id", longest=36)
        try:
            if not is_id(command_id):
                raise InvalidMessage("This form is not ours. Load the page again.")
            await self._pay(self._read_command(order_id), command_id)
        except TableTapError as error:
            if error.status not in (403, 409, 422):
                raise
            self.set_status(error.status)
            await self._show(order_id, fault=self.tell(error))
            return
        self.see_other(f"/orders/{order_id}/pay")

    async def _pay(self, command: InitiatePayment, command_id: str) -> None:
        try:
            await run_once(self, _INITIATE, command, command_id=command_id)
        except IdempotencyMismatch:
            raise Conflict(
                "You have begun to pay already. Look how that ended before you pay again.",
                code="payment_under_way",
            ) from None

    def _read_command(self, order_id: str) -> InitiatePayment:
        """Read what was chosen. Raises: InvalidMessage where no form of ours says it."""
        fields = {
            "orderId": order_id,
            "method": PaymentMethod.SANDBOX,
            "amountMinor": self.read_field("amount_minor", longest=_LONGEST_AMOUNT),
            "sandboxCard": self.read_field("card", longest=20, default=SandboxCard.APPROVE),
        }
        try:
            return msgspec.convert(fields, InitiatePayment, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidMessage("Choose what to pay and load the page again.") from error

    async def _show(self, order_id: str, *, fault: str) -> None:
        found = await self.context.runner.read(_read_pay, self.identity, order_id)
        self.time_zone = found.pop("time_zone")
        cafe_id, pay = self.identity.cafe_id, found["pay"]
        rooms = (
            Room(cafe_id, RoomKind.SESSION, found["guest"].table_session_id),
            Room(cafe_id, RoomKind.ORDER, order_id),
        )
        self.render_page(
            "guest_pay",
            command_id=_make_command_id(pay),
            fault=fault,
            live=build_live(
                namespace=Namespace.CUSTOMERS,
                rooms=[str(room) for room in rooms],
                render=[],
                position=found.pop("position"),
            ),
            **found,
        )


def _read_pay(identity: Identity, order_id: str) -> dict[str, Any]:
    assert identity.lane_id is not None
    # The position before the order: what happens in between is told, and the page asks again.
    return {
        "position": read_head(identity.cafe_id),
        "pay": read_guest_pay(identity, order_id),
        "guest": read_guest_session(identity.cafe_id, identity.lane_id),
        "time_zone": read_cafe(identity.cafe_id).timezone,
    }


def _make_command_id(pay: GuestPayView) -> str:
    """Make the id of a guest's next payment of an order: the same on every page that shows it."""
    return str(uuid5(UUID(pay.order.order_id), f"{pay.lane_id}/{len(pay.own_legs)}"))
